package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
)

// authEntry is one line of auth.log: a request that came with a credential, and how the server
// took it. A refused one was answered with 401.
type authEntry struct {
	Time     time.Time `json:"time"`
	Accepted bool      `json:"accepted"`
	// Kind is "token" or "certificate".
	Kind string `json:"kind"`
	// ID starts the SHA-256 of the token or of the certificate (DER), in hexadecimal.
	ID   string `json:"id"`
	User string `json:"user,omitempty"`
}

// authLog stands in front of the API server's own authentication and writes down its answers. The
// webhook would not do: the API server asks it once for simultaneous requests with one token.
type authLog struct {
	next authenticator.Request
	file *os.File
}

func (d dataDir) newAuthLog(next authenticator.Request) (*authLog, error) {
	file, err := os.OpenFile(d.path(authLogFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return &authLog{next, file}, err
}

// AuthenticateRequest implements authenticator.Request. The line is in the file before the client
// has its answer.
func (l *authLog) AuthenticateRequest(request *http.Request) (*authenticator.Response, bool, error) {
	// Read first: an accepted token is removed from the request.
	entry := credentialOf(request)
	response, ok, err := l.next.AuthenticateRequest(request)
	if entry != nil {
		entry.Time = time.Now().UTC()
		entry.Accepted = ok && err == nil
		if entry.Accepted && response != nil {
			entry.User = response.User.GetName()
		}
		if line, jsonErr := json.Marshal(entry); jsonErr == nil {
			_, _ = l.file.Write(append(line, '\n'))
		}
	}
	return response, ok, err
}

// credentialOf is nil for an anonymous request.
func credentialOf(request *http.Request) *authEntry {
	if scheme, token, _ := strings.Cut(request.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return &authEntry{Kind: "token", ID: fingerprint([]byte(strings.TrimSpace(token)))}
	}
	if request.TLS != nil && len(request.TLS.PeerCertificates) > 0 {
		return &authEntry{Kind: "certificate", ID: fingerprint(request.TLS.PeerCertificates[0].Raw)}
	}
	return nil
}

func fingerprint(credential []byte) string {
	sum := sha256.Sum256(credential)
	return hex.EncodeToString(sum[:6])
}
