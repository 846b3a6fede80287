package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Names inside of the data directory.
const (
	lockFile        = "lock"
	portFile        = "port"
	logFile         = "server.log"
	authLogFile     = "auth.log"
	tokenFile       = "tokens.json"
	adminKubeconfig = "admin.kubeconfig"
	webhookConfig   = "webhook.kubeconfig"
	etcdDir         = "etcd"
	etcdSocket      = "etcd.sock"
	peerSocket      = "etcd-peer.sock"
	serverCA        = "pki/ca"
	clientCA        = "pki/client-ca"
	servingPair     = "pki/server"
	adminPair       = "pki/admin"
	webhookPair     = "pki/webhook-client"
	accountKey      = "pki/service-account.key"
)

// dataDir is the absolute path of a folder that one server at a time owns.
type dataDir string

func (d dataDir) path(name string) string { return filepath.Join(string(d), name) }

// openDataDir makes the folder if it is missing and locks it until this process ends.
func openDataDir(dir string) (dataDir, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	data := dataDir(abs)
	if err := os.MkdirAll(data.path("pki"), 0o700); err != nil {
		return "", fmt.Errorf("cannot make the data directory: %w", err)
	}
	return data, data.lock()
}

// lock takes an flock, which the kernel gives back however the process ends, and leaves the pid in
// the file for the message that the next one prints.
func (d dataDir) lock() error {
	file, err := os.OpenFile(d.path(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the lock of the data directory: %w", err)
	}
	fd := int(file.Fd())
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("cannot lock %s: %w", file.Name(), err)
		}
		pid, _ := os.ReadFile(file.Name())
		return fmt.Errorf("%s is in use by another server (pid %s); end that one, or name another folder with --data-dir", d, strings.TrimSpace(string(pid)))
	}
	// The lock lives as long as the descriptor, which no finalizer may close.
	lockHolder = file
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

var lockHolder *os.File

// listen binds the port that this folder's clients know; at its first start, a free one.
func (d dataDir) listen() (net.Listener, error) {
	known, err := os.ReadFile(d.path(portFile))
	if errors.Is(err, fs.ErrNotExist) {
		return d.listenFirst()
	}
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(strings.TrimSpace(string(known)), 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%s holds no port number: %w", d.path(portFile), err)
	}
	listener, err := listenLocal(int(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d of 127.0.0.1, which the clients of %s know, is taken by another program; end that one, or name another folder with --data-dir", port, d)
	}
	return listener, err
}

// listenFirst looks below the range from which the kernel takes the ports of outgoing connections:
// a port from there could be gone when the server wants it back after a restart.
func (d dataDir) listenFirst() (net.Listener, error) {
	const lowest, count, attempts = 20000, 10000, 100
	for range attempts {
		port := lowest + rand.IntN(count)
		listener, err := listenLocal(port)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err == nil {
			err = d.write(portFile, []byte(strconv.Itoa(port)+"\n"))
		}
		return listener, err
	}
	return nil, fmt.Errorf("found no free port of 127.0.0.1 between %d and %d in %d attempts", lowest, lowest+count, attempts)
}

func listenLocal(port int) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// write replaces a file as a whole: a server that is killed here leaves the old one.
func (d dataDir) write(name string, content []byte) error {
	path := d.path(name)
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func (d dataDir) has(name string) bool {
	_, err := os.Stat(d.path(name))
	return err == nil
}
