package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// runAPIServer builds the server as kube-apiserver's own command does, with a log in front of its
// authentication.
func (d dataDir) runAPIServer(ctx context.Context, listener net.Listener, flags []string) error {
	completed, err := d.completeOptions(ctx, listener, flags)
	if err != nil {
		return err
	}
	config, err := app.NewConfig(completed)
	if err != nil {
		return err
	}
	// The aggregator is the outermost of the three servers, the one that authenticates.
	outermost := &config.Aggregator.GenericConfig.Authentication
	if outermost.Authenticator, err = d.newAuthLog(outermost.Authenticator); err != nil {
		return err
	}
	completedConfig, err := config.Complete()
	if err != nil {
		return err
	}
	server, err := app.CreateServerChain(completedConfig)
	if err != nil {
		return err
	}
	prepared, err := server.PrepareRun()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- prepared.Run(ctx) }()
	if err := d.announce(ctx, server.GenericAPIServer.LoopbackClientConfig, listener.Addr().String(), ended); err != nil {
		return err
	}
	return waitForEnd(ctx, ended)
}

func (d dataDir) completeOptions(ctx context.Context, listener net.Listener, flags []string) (options.CompletedOptions, error) {
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	run := options.NewServerRunOptions()
	set := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, named := range run.Flags().FlagSets {
		set.AddFlagSet(named)
	}
	if err := set.Parse(append(d.kubeFlags(), flags...)); err != nil {
		return options.CompletedOptions{}, err
	}
	address := listener.Addr().(*net.TCPAddr)
	run.SecureServing.Listener = listener
	run.SecureServing.BindPort = address.Port
	run.SecureServing.ExternalAddress = address.IP
	// No flag sets this one; at its default of 10 s a revoked token would live on.
	run.Authentication.TokenSuccessCacheTTL = 0
	run.Authentication.TokenFailureCacheTTL = 0

	if err := run.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return options.CompletedOptions{}, err
	}
	completed, err := run.Complete(ctx)
	if err != nil {
		return completed, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}

func (d dataDir) kubeFlags() []string {
	return []string{
		"--etcd-servers=unix://" + etcdSocket,
		"--bind-address=127.0.0.1",
		// A loopback address cannot be the endpoint of the service "kubernetes".
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + d.path(servingPair+".crt"),
		"--tls-private-key-file=" + d.path(servingPair+".key"),
		"--client-ca-file=" + d.path(clientCA+".crt"),
		"--authentication-token-webhook-config-file=" + d.path(webhookConfig),
		"--authentication-token-webhook-version=v1",
		"--authentication-token-webhook-cache-ttl=0s",
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + d.path(accountKey),
		"--service-account-signing-key-file=" + d.path(accountKey),
		"--service-cluster-ip-range=10.0.0.0/16",
		// No controller makes service accounts, without which it would let no Pod in.
		"--disable-admission-plugins=ServiceAccount",
	}
}

// waitForEnd gives open requests and watches a moment after the context's end.
func waitForEnd(ctx context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(stopTimeout):
		return fmt.Errorf("still busy %s after it was told to end; left anyway", stopTimeout)
	}
}
