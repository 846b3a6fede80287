package main

import (
	"fmt"
	"math/rand"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	resource "k8s.io/api/resource/v1"
	scheduling "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// cluster is a few objects of each kind.
type cluster struct {
	Services            []*core.Service
	Controllers         []*core.ReplicationController
	ReplicaSets         []*apps.ReplicaSet
	Deployments         []*apps.Deployment
	DaemonSets          []*apps.DaemonSet
	StatefulSets        []*apps.StatefulSet
	Jobs                []*batch.Job
	CronJobs            []*batch.CronJob
	Budgets             []*policy.PodDisruptionBudget
	Pods                []*core.Pod
	ConfigMaps          []*core.ConfigMap
	Secrets             []*core.Secret
	Claims              []*core.PersistentVolumeClaim
	Volumes             []*core.PersistentVolume
	ResourceClaims      []*resource.ResourceClaim
	PodGroups           []*scheduling.PodGroup
	ServiceAccounts     []*core.ServiceAccount
	RoleBindings        []*rbac.RoleBinding
	ClusterRoleBindings []*rbac.ClusterRoleBinding
}

var (
	namespaces = []string{"a", "b"}
	keys       = []string{"app", "tier"}
	values     = []string{"", "web", "db"}
	kindsOwned = []string{"ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob"}
)

// chooser chooses at random.
type chooser struct{ *rand.Rand }

func pick[T any](c chooser, from []T) T { return from[c.Intn(len(from))] }

func (c chooser) chance(in int) bool { return c.Intn(in) == 0 }

// some returns up to two of what is made.
func some[T any](c chooser, make func() T) (all []T) {
	for range c.Intn(3) {
		all = append(all, make())
	}
	return all
}

// uid is mostly the same for a name, and at times that of another which has taken its place.
func (c chooser) uid(namespace, name string) types.UID {
	return types.UID(fmt.Sprintf("%s-%s-%d", namespace, name, c.Intn(4)/3))
}

func (c chooser) labels() map[string]string {
	labels := map[string]string{}
	for _, key := range keys {
		if !c.chance(3) {
			labels[key] = pick(c, values)
		}
	}
	return labels
}

func (c chooser) meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: c.uid(namespace, name), ResourceVersion: "1", Labels: c.labels(),
	}
}

// owned adds owners, of whom the controller is often one that there is.
func (c chooser) owned(meta metav1.ObjectMeta) metav1.ObjectMeta {
	for range 1 + c.Intn(2) {
		name := c.name()
		owner := metav1.OwnerReference{APIVersion: "any/v1", Kind: pick(c, kindsOwned), Name: name, UID: c.uid(meta.Namespace, name)}
		if !c.chance(4) {
			yes := !c.chance(5)
			owner.Controller = &yes
		}
		meta.OwnerReferences = append(meta.OwnerReferences, owner)
	}
	return meta
}

func (c chooser) name() string { return fmt.Sprintf("n%d", c.Intn(2)) }

// selector is nil and invalid at times.
func (c chooser) selector() *metav1.LabelSelector {
	selector := &metav1.LabelSelector{}
	if !c.chance(3) {
		selector.MatchLabels = map[string]string{pick(c, keys): pick(c, values)}
	}
	for range c.Intn(2) {
		operator := pick(c, []metav1.LabelSelectorOperator{"In", "NotIn", "Exists", "DoesNotExist", "Like"})
		expression := metav1.LabelSelectorRequirement{Key: pick(c, append(keys, "a b")), Operator: operator}
		if wants := operator == "In" || operator == "NotIn"; wants != c.chance(8) {
			expression.Values = []string{pick(c, values), pick(c, append(values, "a b"))}
		}
		selector.MatchExpressions = append(selector.MatchExpressions, expression)
	}
	if c.chance(8) {
		return nil
	}
	return selector
}

func (c chooser) mapSelector() map[string]string {
	if c.chance(5) {
		return nil
	}
	return map[string]string{pick(c, keys): pick(c, values)}
}

// each makes objects called n0 and n1 in both namespaces, or without one, some of which are missing.
func each[T any](c chooser, namespaced bool, make func(meta metav1.ObjectMeta) T) (all []T) {
	in := namespaces
	if !namespaced {
		in = []string{""}
	}
	for _, namespace := range in {
		for index := range 2 {
			meta := c.meta(namespace, fmt.Sprintf("n%d", index))
			if !c.chance(4) {
				all = append(all, make(meta))
			}
		}
	}
	return all
}

func (c chooser) cluster() cluster {
	return cluster{
		Services: each(c, true, func(meta metav1.ObjectMeta) *core.Service {
			kind := pick(c, []core.ServiceType{"", "ClusterIP", "ExternalName"})
			return &core.Service{ObjectMeta: meta, Spec: core.ServiceSpec{Type: kind, Selector: c.mapSelector()}}
		}),
		Controllers: each(c, true, func(meta metav1.ObjectMeta) *core.ReplicationController {
			return &core.ReplicationController{ObjectMeta: meta, Spec: core.ReplicationControllerSpec{Selector: c.mapSelector()}}
		}),
		ReplicaSets: each(c, true, func(meta metav1.ObjectMeta) *apps.ReplicaSet {
			return &apps.ReplicaSet{ObjectMeta: c.owned(meta), Spec: apps.ReplicaSetSpec{Selector: c.selector()}}
		}),
		Deployments: each(c, true, func(meta metav1.ObjectMeta) *apps.Deployment {
			return &apps.Deployment{ObjectMeta: meta, Spec: apps.DeploymentSpec{Selector: c.selector()}}
		}),
		DaemonSets: each(c, true, func(meta metav1.ObjectMeta) *apps.DaemonSet {
			return &apps.DaemonSet{ObjectMeta: meta, Spec: apps.DaemonSetSpec{Selector: c.selector()}}
		}),
		StatefulSets: each(c, true, func(meta metav1.ObjectMeta) *apps.StatefulSet {
			return &apps.StatefulSet{ObjectMeta: meta, Spec: apps.StatefulSetSpec{Selector: c.selector()}}
		}),
		Jobs: each(c, true, func(meta metav1.ObjectMeta) *batch.Job {
			return &batch.Job{ObjectMeta: c.owned(meta), Spec: batch.JobSpec{Selector: c.selector()}}
		}),
		CronJobs: each(c, true, func(meta metav1.ObjectMeta) *batch.CronJob {
			return &batch.CronJob{ObjectMeta: meta, Spec: batch.CronJobSpec{Schedule: "@daily"}}
		}),
		Budgets: each(c, true, func(meta metav1.ObjectMeta) *policy.PodDisruptionBudget {
			return &policy.PodDisruptionBudget{ObjectMeta: meta, Spec: policy.PodDisruptionBudgetSpec{Selector: c.selector()}}
		}),
		Pods:       c.pods(),
		ConfigMaps: each(c, true, func(meta metav1.ObjectMeta) *core.ConfigMap { return &core.ConfigMap{ObjectMeta: meta} }),
		Secrets:    each(c, true, func(meta metav1.ObjectMeta) *core.Secret { return &core.Secret{ObjectMeta: meta} }),
		Claims: c.claimed(func(meta metav1.ObjectMeta) *core.PersistentVolumeClaim {
			return &core.PersistentVolumeClaim{ObjectMeta: meta, Spec: core.PersistentVolumeClaimSpec{VolumeName: pick(c, []string{"", "n0", "n1"})}}
		}),
		Volumes:        each(c, false, c.volume),
		ResourceClaims: resourceClaims(c),
		PodGroups:      each(c, true, c.podGroup),
		ServiceAccounts: each(c, true, func(meta metav1.ObjectMeta) *core.ServiceAccount {
			return &core.ServiceAccount{ObjectMeta: meta}
		}),
		RoleBindings: each(c, true, func(meta metav1.ObjectMeta) *rbac.RoleBinding {
			return &rbac.RoleBinding{ObjectMeta: meta, Subjects: some(c, c.subject), RoleRef: role(meta)}
		}),
		ClusterRoleBindings: each(c, false, func(meta metav1.ObjectMeta) *rbac.ClusterRoleBinding {
			return &rbac.ClusterRoleBinding{ObjectMeta: meta, Subjects: some(c, c.subject), RoleRef: role(meta)}
		}),
	}
}

// role names a role that is called after its binding, so that rules tell who is bound.
func role(meta metav1.ObjectMeta) rbac.RoleRef {
	return rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: meta.Namespace + "." + meta.Name}
}

func (c chooser) subject() rbac.Subject {
	name := func(from ...string) string { return pick(c, from) }
	switch c.Intn(4) {
	case 0:
		return rbac.Subject{Kind: "User", Name: name("n0", "system:serviceaccount:a:n0", "system:serviceaccount:b:n1")}
	case 1:
		return rbac.Subject{Kind: "Group", Name: name("n0", "system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")}
	default:
		return rbac.Subject{Kind: "ServiceAccount", Name: c.name(), Namespace: name("", "a", "b")}
	}
}
