package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"

	authentication "k8s.io/api/authentication/v1"
	"k8s.io/klog/v2"
)

// tokenUser is one element of the token file, a JSON list. The file is read at each request, so
// that what a test writes there holds from the next request on; it must be replaced as a whole
// (write another file, rename it).
type tokenUser struct {
	Token  string   `json:"token"`
	User   string   `json:"user"`
	UID    string   `json:"uid,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// lookUp returns whose token it is, or nil.
func (d dataDir) lookUp(token string) (*tokenUser, error) {
	content, err := os.ReadFile(d.path(tokenFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var users []tokenUser
	if err := json.Unmarshal(content, &users); err != nil {
		// The decoder's own message may quote the file.
		return nil, fmt.Errorf("%s is not a JSON list of {token, user, uid, groups}", d.path(tokenFile))
	}
	for i := range users {
		if users[i].Token == token && token != "" {
			return &users[i], nil
		}
	}
	return nil, nil
}

// startWebhook serves token reviews to the API server alone, and writes the kubeconfig with which
// that finds them.
func (d dataDir) startWebhook(ctx context.Context) error {
	config, err := d.webhookTLS()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(d.review)}
	go func() { _ = server.Serve(tls.NewListener(listener, config)) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })

	return d.writeKubeconfig(webhookConfig, "https://"+listener.Addr().String(), webhookPair)
}

func (d dataDir) webhookTLS() (*tls.Config, error) {
	clients, err := d.loadPair(clientCA)
	if err != nil {
		return nil, err
	}
	serving, err := tls.LoadX509KeyPair(d.path(servingPair+".crt"), d.path(servingPair+".key"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	return &tls.Config{
		Certificates: []tls.Certificate{serving},
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}, nil
}

func (d dataDir) review(response http.ResponseWriter, request *http.Request) {
	var review authentication.TokenReview
	if err := json.NewDecoder(request.Body).Decode(&review); err != nil {
		http.Error(response, "not a TokenReview", http.StatusBadRequest)
		return
	}
	user, err := d.lookUp(review.Spec.Token)
	switch {
	case err != nil:
		klog.ErrorS(err, "Cannot read the token file; every token is refused")
		review.Status.Error = err.Error()
	case user != nil:
		review.Status.Authenticated = true
		review.Status.User = authentication.UserInfo{Username: user.User, UID: user.UID, Groups: user.Groups}
	}
	review.Spec = authentication.TokenReviewSpec{}
	response.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(response).Encode(review)
}
