package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/logutil"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.etcd.io/etcd/server/v3/embed"
)

const snapshotTimeout = time.Minute

// backup writes what etcd of the running server holds to a file, as `etcdctl snapshot save` does.
func (d dataDir) backup(file string) error {
	// The socket's name is relative, as the server's.
	if err := os.Chdir(string(d)); err != nil {
		return err
	}
	logger, err := logutil.CreateDefaultZapLogger(logutil.ConvertToZapLevel("error"))
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), snapshotTimeout)
	defer stop()
	config := clientv3.Config{
		Endpoints:   []string{"unix:" + etcdSocket},
		DialTimeout: snapshotTimeout,
		Logger:      logger,
	}
	if _, err := snapshot.NewV3(logger).Save(ctx, config, file); err != nil {
		return fmt.Errorf("cannot save a snapshot of the etcd in %s; does its server run? %w", d, err)
	}
	return nil
}

// restore puts the content of a snapshot in place of what etcd holds, as `etcdutl snapshot restore`
// does. The caller holds the lock of the folder, so no server runs in it.
//
// A bump is how far the revision goes on behind the snapshot's, and marks all before it as compacted
// (`--bump-revision --mark-compacted`, what etcd advises for Kubernetes); 0 is for none, so that the
// revision goes back.
func (d dataDir) restore(file string, bump uint64) error {
	logger, err := logutil.CreateDefaultZapLogger(logutil.ConvertToZapLevel("error"))
	if err != nil {
		return err
	}
	if err := os.Chdir(string(d)); err != nil {
		return err
	}
	const fresh = etcdDir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	config := etcdConfig()
	err = snapshot.NewV3(logger).Restore(snapshot.RestoreConfig{
		SnapshotPath:        file,
		Name:                config.Name,
		OutputDataDir:       fresh,
		PeerURLs:            peerURLs(config),
		InitialCluster:      config.InitialCluster,
		InitialClusterToken: config.InitialClusterToken,
		InitialMmapSize:     initialMmapSize,
		RevisionBump:        bump,
		MarkCompacted:       bump > 0,
	})
	if err != nil {
		return fmt.Errorf("cannot restore %s into %s: %w", file, d, err)
	}
	if err := os.RemoveAll(etcdDir); err != nil {
		return err
	}
	return os.Rename(fresh, etcdDir)
}

// initialMmapSize is large enough for what tests keep: the default of etcdutl is 10 GB.
const initialMmapSize = 64 << 20

func peerURLs(config *embed.Config) []string {
	var urls []string
	for _, url := range config.AdvertisePeerUrls {
		urls = append(urls, url.String())
	}
	return urls
}
