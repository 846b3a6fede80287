package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

const (
	tenYears = 10 * 365 * 24 * time.Hour
	// clockSlack is how far a certificate's start lies back.
	clockSlack = time.Minute
	// mastersGroup may do anything, whatever RBAC says.
	mastersGroup = "system:masters"
)

// keyPair is a certificate with its private key.
type keyPair struct {
	cert            *x509.Certificate
	key             *ecdsa.PrivateKey
	certPEM, keyPEM []byte
}

// ensurePKI makes what is missing: one CA for the server and another for its clients, so that a
// client that mixes them up fails.
func (d dataDir) ensurePKI() error {
	for _, pair := range []struct {
		name string
		make func() (*keyPair, error)
	}{
		{serverCA, func() (*keyPair, error) { return issueCA("apiserver CA") }},
		{clientCA, func() (*keyPair, error) { return issueCA("apiserver client CA") }},
		{servingPair, d.newServingPair},
		{adminPair, func() (*keyPair, error) { return d.clientPair("admin", []string{mastersGroup}, tenYears) }},
		{webhookPair, func() (*keyPair, error) { return d.clientPair("apiserver", nil, tenYears) }},
	} {
		if d.has(pair.name + ".crt") {
			continue
		}
		made, err := pair.make()
		if err != nil {
			return err
		}
		if err := d.storePair(pair.name, made); err != nil {
			return err
		}
	}
	return d.ensureAccountKey()
}

func (d dataDir) ensureAccountKey() error {
	if d.has(accountKey) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	encoded, err := encodeKey(key)
	if err != nil {
		return err
	}
	return d.write(accountKey, encoded)
}

func (d dataDir) newServingPair() (*keyPair, error) {
	return d.issue(serverCA, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		NotAfter:    time.Now().Add(tenYears),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
	})
}

// clientPair issues a client certificate: the CN is the user, each O a group.
func (d dataDir) clientPair(user string, groups []string, ttl time.Duration) (*keyPair, error) {
	return d.issue(clientCA, &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		NotAfter:    time.Now().Add(ttl),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func issueCA(name string) (*keyPair, error) {
	return sign(nil, &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotAfter:              time.Now().Add(tenYears),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	})
}

func (d dataDir) issue(ca string, template *x509.Certificate) (*keyPair, error) {
	issuer, err := d.loadPair(ca)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	return sign(issuer, template)
}

// sign makes a key and a certificate for it; without an issuer, one signed by itself.
func sign(issuer *keyPair, template *x509.Certificate) (*keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-clockSlack)
	if template.NotAfter.Before(template.NotBefore) {
		template.NotBefore = template.NotAfter.Add(-clockSlack)
	}
	if issuer == nil {
		issuer = &keyPair{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &keyPair{cert: cert, key: key, certPEM: certPEM, keyPEM: keyPEM}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// storePair writes the certificate last: where there is one, there is its key.
func (d dataDir) storePair(name string, pair *keyPair) error {
	if err := d.write(name+".key", pair.keyPEM); err != nil {
		return err
	}
	return d.write(name+".crt", pair.certPEM)
}

func (d dataDir) loadPair(name string) (*keyPair, error) {
	certPEM, err := os.ReadFile(d.path(name + ".crt"))
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(d.path(name + ".key"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.path(name), err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New(d.path(name) + ".key is not an ECDSA key")
	}
	return &keyPair{cert: pair.Leaf, key: key, certPEM: certPEM, keyPEM: keyPEM}, nil
}
