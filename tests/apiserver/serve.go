package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readyTimeout = 90 * time.Second
	stopTimeout  = 10 * time.Second
)

// originalStderr stays what the caller sees after file descriptor 2 has become the log.
var originalStderr = os.Stderr

// serve runs etcd and the API server until it is told to end.
func serve(data dataDir, exitWithStdin bool, flags []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	if exitWithStdin {
		ctx = untilEOF(ctx, os.Stdin)
	}
	listener, err := data.listen()
	if err != nil {
		return err
	}
	if err := data.prepare(listener.Addr().String()); err != nil {
		return err
	}
	if err := data.redirectStderr(); err != nil {
		return err
	}
	// etcd's sockets have relative names: a path to a socket may be 107 bytes long, no more.
	if err := os.Chdir(string(data)); err != nil {
		return err
	}
	if err := data.startWebhook(ctx); err != nil {
		return fmt.Errorf("authentication webhook: %w", err)
	}
	etcd, err := startEtcd(ctx)
	if err != nil {
		return fmt.Errorf("etcd: %w (see %s)", err, data.path(logFile))
	}
	defer etcd.Close()
	if err := data.runAPIServer(ctx, listener, flags); err != nil {
		return fmt.Errorf("kube-apiserver: %w (see %s)", err, data.path(logFile))
	}
	return nil
}

// untilEOF ends the context with the file. A pipe from the parent ends when that dies, however it
// does; PR_SET_PDEATHSIG would end the server with the thread that started it.
func untilEOF(ctx context.Context, file io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, file)
		cancel()
	}()
	return ctx
}

// prepare writes what clients need; what is there stays.
func (d dataDir) prepare(address string) error {
	if err := d.ensurePKI(); err != nil {
		return fmt.Errorf("certificates in %s: %w", d, err)
	}
	if !d.has(tokenFile) {
		if err := d.write(tokenFile, []byte("[]\n")); err != nil {
			return err
		}
	}
	return d.writeKubeconfig(adminKubeconfig, "https://"+address, adminPair)
}

// redirectStderr sends everything that etcd, the API server and the Go runtime say to a file.
func (d dataDir) redirectStderr() error {
	log, err := os.OpenFile(d.path(logFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	kept, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	originalStderr = os.NewFile(uintptr(kept), "stderr")
	return unix.Dup2(int(log.Fd()), 2)
}
