package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcdConfig listens on sockets in the data directory only: etcd asks nobody who they are.
func etcdConfig() *embed.Config {
	config := embed.NewConfig()
	config.Dir = etcdDir
	config.ListenClientUrls = []url.URL{{Scheme: "unix", Host: etcdSocket}}
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = []url.URL{{Scheme: "unix", Host: peerSocket}}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.LogLevel = "warn"
	config.LogOutputs = []string{"stderr"}
	// Test data may be lost with the machine; a killed process loses nothing.
	config.UnsafeNoFsync = true
	return config
}

// startEtcd gives back an etcd that is ready for requests.
func startEtcd(ctx context.Context) (*embed.Etcd, error) {
	etcd, err := embed.StartEtcd(etcdConfig())
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err := <-etcd.Err():
		return nil, err
	case <-ctx.Done():
		etcd.Close()
		return nil, errors.New("told to end before it was ready")
	case <-time.After(readyTimeout):
		etcd.Close()
		return nil, fmt.Errorf("not ready after %s", readyTimeout)
	}
}
