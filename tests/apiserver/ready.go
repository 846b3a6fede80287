package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// ready is the line on standard output. It names files that hold keys, but holds none.
type ready struct {
	Server          string            `json:"server"`
	CAFile          string            `json:"caFile"`
	CA              string            `json:"ca"`
	AdminCert       string            `json:"adminCertificateFile"`
	AdminKey        string            `json:"adminKeyFile"`
	AdminKubeconfig string            `json:"adminKubeconfig"`
	TokenFile       string            `json:"tokenFile"`
	AuthLog         string            `json:"authLog"`
	Log             string            `json:"log"`
	Versions        map[string]string `json:"versions"`
	PID             int               `json:"pid"`
}

// announce prints the line as soon as the server is ready, which it is not before its RBAC roles
// and its namespaces exist.
func (d dataDir) announce(ctx context.Context, loopback *rest.Config, address string, ended chan error) error {
	client, err := kubernetes.NewForConfig(loopback)
	if err != nil {
		return err
	}
	deadline := time.After(readyTimeout)
	for {
		if isReady(ctx, client) {
			line, err := d.readyLine(address)
			if err != nil {
				return err
			}
			return printJSON(line)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case err := <-ended:
			ended <- err
			return err
		case <-ctx.Done():
			return nil
		case <-deadline:
			return fmt.Errorf("not ready after %s", readyTimeout)
		}
	}
}

func isReady(ctx context.Context, client *kubernetes.Clientset) bool {
	for _, path := range []string{"/readyz", "/api/v1/namespaces/default"} {
		var status int
		client.RESTClient().Get().AbsPath(path).Do(ctx).StatusCode(&status)
		if status != http.StatusOK {
			return false
		}
	}
	return true
}

func (d dataDir) readyLine(address string) (ready, error) {
	ca, err := os.ReadFile(d.path(serverCA + ".crt"))
	return ready{
		Server:          "https://" + address,
		CAFile:          d.path(serverCA + ".crt"),
		CA:              string(ca),
		AdminCert:       d.path(adminPair + ".crt"),
		AdminKey:        d.path(adminPair + ".key"),
		AdminKubeconfig: d.path(adminKubeconfig),
		TokenFile:       d.path(tokenFile),
		AuthLog:         d.path(authLogFile),
		Log:             d.path(logFile),
		Versions:        versions(),
		PID:             os.Getpid(),
	}, err
}
