// Command tlscases is a table of servers, each with certificates of another kind.
//
// It listens on a port of 127.0.0.1 for each case, prints the cases as one line of JSON, and ends
// when its standard input does. Whether a client comes through is for kubectl to say.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

// Case is one server, and how a client is told about it.
type Case struct {
	Name string `json:"name"`
	// Server is a URL.
	Server string `json:"server"`
	// Authority is certificate-authority-data, in base64; empty with Insecure.
	Authority  []byte `json:"authority"`
	ServerName string `json:"serverName"`
	Insecure   bool   `json:"insecure"`
	// Certificate and Key are the client's, where the server wants them.
	Certificate []byte `json:"certificate"`
	Key         []byte `json:"key"`
	// Works is what kubectl is expected to do.
	Works bool `json:"works"`
	// Says is a part of our error where it does not; "" where any will do.
	Says string `json:"says"`
	// Stricter is set where we refuse what Go takes; Says is the reason.
	Stricter bool `json:"stricter"`

	chain   [][]byte
	key     any
	version uint16
	curves  []tls.CurveID
	suites  []uint16
	clients *x509.CertPool
}

func main() {
	cases := table()
	for _, each := range cases {
		if err := each.listen(); err != nil {
			log.Fatalf("%s: %v", each.Name, err)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(cases); err != nil {
		log.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func (c *Case) listen() error {
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: c.chain, PrivateKey: c.key}},
		MaxVersion:   c.version,

		CurvePreferences: c.curves,
		CipherSuites:     c.suites,
		NextProtos:       []string{"h2", "http/1.1"},
	}
	if c.clients != nil {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = c.clients
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.Server = fmt.Sprintf("https://%s", listener.Addr())
	server := &http.Server{
		Handler:   http.HandlerFunc(version),
		TLSConfig: config,
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	if c.suites != nil {
		// HTTP/2 needs a cipher of its own, and Go for that before it serves.
		config.NextProtos = []string{"http/1.1"}
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	go func() { log.Fatal(server.ServeTLS(listener, "", "")) }()
	return nil
}

func version(response http.ResponseWriter, _ *http.Request) {
	response.Header().Set("Content-Type", "application/json")
	fields := []string{"major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate",
		"goVersion", "compiler", "platform"}
	body := map[string]string{}
	for _, field := range fields {
		body[field] = ""
	}
	_ = json.NewEncoder(response).Encode(body)
}

// block is one PEM block.
func block(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Panic(err)
	}
	return value
}
