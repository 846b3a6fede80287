package main

import "k8s.io/apiserver/pkg/authentication/user"

// authenticated is a user as the API server has one after authentication: in the group of all who are.
type authenticated struct{ user.Info }

func (a authenticated) GetGroups() []string {
	return append(a.Info.GetGroups(), user.AllAuthenticated)
}
