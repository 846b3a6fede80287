// Command apiserver is a whole Kubernetes API for tests: the real kube-apiserver and its etcd in
// one process, on one port of 127.0.0.1.
//
// A data directory holds everything that a restart needs, so that a server that was killed comes
// back with its port, its CA, its objects and its users.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	etcdversion "go.etcd.io/etcd/api/v3/version"
	kubeversion "k8s.io/component-base/version"
)

func main() {
	// Keys, tokens and etcd's files are for their owner alone.
	syscall.Umask(0o077)

	root := &cobra.Command{
		Use:           "apiserver",
		Short:         "A kube-apiserver with its own etcd, for tests",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(serveCommand(), backupCommand(), restoreCommand(), certCommand(), versionCommand())

	if err := root.Execute(); err != nil {
		fmt.Fprintln(originalStderr, "apiserver:", err)
		os.Exit(1)
	}
}

func serveCommand() *cobra.Command {
	var dir string
	var exitWithStdin, temporary bool
	cmd := &cobra.Command{
		Use:   "serve --data-dir DIR [-- KUBE-APISERVER-FLAG...]",
		Short: "Run until SIGTERM, SIGINT or SIGHUP; print one line of JSON when ready",
		RunE: func(_ *cobra.Command, flags []string) error {
			data, err := openDataDir(dir)
			if err != nil {
				return err
			}
			if temporary {
				defer os.RemoveAll(string(data))
			}
			return serve(data, exitWithStdin, flags)
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "folder for everything that a restart needs (made if missing)")
	cmd.Flags().BoolVar(&exitWithStdin, "exit-with-stdin", false, "end when standard input ends, which it does when the parent dies")
	cmd.Flags().BoolVar(&temporary, "temporary", false, "remove the folder at the end (not after SIGKILL)")
	_ = cmd.MarkFlagRequired("data-dir")
	return cmd
}

func backupCommand() *cobra.Command {
	var dir, file string
	cmd := &cobra.Command{
		Use:   "backup --data-dir DIR --to FILE",
		Short: "Save a snapshot of the running server's etcd",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := existingDataDir(dir)
			if err != nil {
				return err
			}
			if file, err = filepath.Abs(file); err != nil {
				return err
			}
			return data.backup(file)
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "the server's folder")
	cmd.Flags().StringVar(&file, "to", "", "the snapshot (replaced if it is there)")
	_ = cmd.MarkFlagRequired("data-dir")
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func restoreCommand() *cobra.Command {
	var dir, file string
	var bump uint64
	cmd := &cobra.Command{
		Use:   "restore --data-dir DIR --from FILE [--bump-revision N]",
		Short: "Put a snapshot in place of what etcd holds; no server may run there",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := existingDataDir(dir)
			if err != nil {
				return err
			}
			if err := data.lock(); err != nil {
				return err
			}
			if file, err = filepath.Abs(file); err != nil {
				return err
			}
			return data.restore(file, bump)
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "the folder of a server that has ended")
	cmd.Flags().StringVar(&file, "from", "", "a snapshot that `apiserver backup` made")
	cmd.Flags().Uint64Var(&bump, "bump-revision", 0, "how far the revision goes on behind the snapshot's, all before it compacted; 0 to go back to the snapshot's")
	_ = cmd.MarkFlagRequired("data-dir")
	_ = cmd.MarkFlagRequired("from")
	return cmd
}

func certCommand() *cobra.Command {
	var dir, user string
	var groups []string
	var ttl time.Duration
	cmd := &cobra.Command{
		Use:   "cert --data-dir DIR --user USER [--group GROUP]... [--ttl 1h]",
		Short: "Issue a client certificate; print it as JSON",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := existingDataDir(dir)
			if err != nil {
				return err
			}
			pair, err := data.clientPair(user, groups, ttl)
			if err != nil {
				return err
			}
			return printJSON(map[string]any{
				"certificate": string(pair.certPEM),
				"key":         string(pair.keyPEM),
				"notAfter":    pair.cert.NotAfter.UTC().Format(time.RFC3339),
			})
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "the server's folder")
	cmd.Flags().StringVar(&user, "user", "", "user name (the certificate's CN)")
	cmd.Flags().StringArrayVar(&groups, "group", nil, "group (an O of the certificate); may be repeated")
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "how long it is valid; negative for one that has expired")
	_ = cmd.MarkFlagRequired("data-dir")
	_ = cmd.MarkFlagRequired("user")
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of what is inside, as JSON",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return printJSON(versions()) },
	}
}

func versions() map[string]string {
	return map[string]string{
		"kubernetes": kubeversion.Get().GitVersion,
		"etcd":       etcdversion.Version,
		"go":         runtime.Version(),
	}
}

func existingDataDir(dir string) (dataDir, error) {
	data := dataDir(dir)
	if _, err := os.Stat(data.path(clientCA + ".crt")); err != nil {
		return "", fmt.Errorf("%s is not the data directory of a server (no %s.crt); start one there with `apiserver serve`", dir, clientCA)
	}
	abs, err := filepath.Abs(dir)
	return dataDir(abs), err
}

func printJSON(value any) error {
	return json.NewEncoder(os.Stdout).Encode(value)
}
