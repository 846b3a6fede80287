package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"time"
)

// An RSA key of 8192 bits takes too long to make: made for these tests and used nowhere.
//
//go:embed rsa8192.pem
var rsa8192PEM []byte

var (
	p256    = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384    = must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	p521    = must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	other   = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	rsa1024 = must(rsa.GenerateKey(rand.Reader, 1024))
	rsa2048 = must(rsa.GenerateKey(rand.Reader, 2048))
	rsa8192 = must(readRSA(rsa8192PEM))
	ed      = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
)

var (
	now    = time.Now()
	before = now.Add(-48 * time.Hour)
	after  = now.Add(48 * time.Hour)
)

// Cert is a certificate in the making, or made.
type Cert struct {
	x509.Certificate
	key    crypto.Signer
	issuer *Cert
	der    []byte
	old    bool // X.509 version 1
}

// edit changes a certificate before it is signed.
type edit func(*Cert)

// authority is its own issuer, until an edit says otherwise.
func authority(name string, edits ...edit) *Cert {
	cert := &Cert{key: p256}
	cert.Subject = pkix.Name{CommonName: name}
	cert.BasicConstraintsValid, cert.IsCA = true, true
	cert.KeyUsage = x509.KeyUsageCertSign
	cert.MaxPathLen = -1
	return cert.make(edits)
}

// server is for 127.0.0.1 and server.example.
func server(issuer *Cert, edits ...edit) *Cert {
	cert := &Cert{key: other, issuer: issuer}
	cert.Subject = pkix.Name{CommonName: "the-server"}
	cert.DNSNames = []string{"server.example"}
	cert.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	cert.KeyUsage = x509.KeyUsageDigitalSignature
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return cert.make(edits)
}

// client is a user's certificate.
func client(issuer *Cert, key crypto.Signer, edits ...edit) *Cert {
	cert := &Cert{key: key, issuer: issuer}
	cert.Subject = pkix.Name{CommonName: "the-user"}
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return cert.make(edits)
}

func (c *Cert) make(edits []edit) *Cert {
	c.SerialNumber = big.NewInt(1 + int64(must(rand.Int(rand.Reader, big.NewInt(1<<40))).Int64()))
	c.NotBefore, c.NotAfter = before, after
	for _, change := range edits {
		change(c)
	}
	if c.issuer == nil {
		c.issuer = c
	}
	parent := c.issuer.Certificate
	if c.issuer != c {
		// What it says of itself, not what it was made of.
		parent = *must(x509.ParseCertificate(c.issuer.der))
	}
	// Other makers need not refuse what Go's does: what is made is not checked.
	parent.PublicKey = nil
	c.der = must(x509.CreateCertificate(rand.Reader, &c.Certificate, &parent, c.key.Public(), c.issuer.key))
	if c.old {
		c.der = asVersion1(c.der, c.issuer.key.(*rsa.PrivateKey))
	}
	return c
}

func (c *Cert) pem() []byte { return block("CERTIFICATE", c.der) }

func by(issuer *Cert) edit         { return func(c *Cert) { c.issuer = issuer } }
func keyed(key crypto.Signer) edit { return func(c *Cert) { c.key = key } }
func version1(c *Cert)             { c.old = true }
func isCA(c *Cert)                 { c.BasicConstraintsValid, c.IsCA, c.MaxPathLen = true, true, -1 }
func isNoCA(c *Cert)               { c.BasicConstraintsValid, c.IsCA, c.MaxPathLen = true, false, -1 }
func noConstraints(c *Cert)        { c.BasicConstraintsValid, c.IsCA = false, false }
func expired(c *Cert)              { c.NotAfter = now.Add(-time.Hour) }
func notYet(c *Cert)               { c.NotBefore = now.Add(time.Hour) }
func noNames(c *Cert)              { c.DNSNames, c.IPAddresses = nil, nil }

func noSubject(c *Cert) { c.Subject = pkix.Name{} }
func forEver(c *Cert)   { c.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }
func otherNames(c *Cert) {
	c.EmailAddresses = []string{"somebody@server.example"}
	c.URIs = []*url.URL{must(url.Parse("spiffe://server.example/it"))}
}

// rareNames is a subjectAltName of an otherName, 127.0.0.1 and a registeredID.
var rareNames = []byte{0x30, 0x1e,
	0xa0, 0x11, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03, 0xa0, 0x03, 0x0c, 0x01, 'x',
	0x87, 0x04, 127, 0, 0, 1,
	0x88, 0x03, 0x2a, 0x03, 0x04,
}

func usage(usage x509.KeyUsage) edit { return func(c *Cert) { c.KeyUsage = usage } }
func names(names ...string) edit {
	return func(c *Cert) { c.DNSNames, c.IPAddresses = names, nil }
}
func purposes(all ...x509.ExtKeyUsage) edit { return func(c *Cert) { c.ExtKeyUsage = all } }
func signedBy(algorithm x509.SignatureAlgorithm) edit {
	return func(c *Cert) { c.SignatureAlgorithm = algorithm }
}
func pathLen(length int) edit {
	return func(c *Cert) { c.MaxPathLen, c.MaxPathLenZero = length, length == 0 }
}
func common(name string) edit { return func(c *Cert) { c.Subject.CommonName = name } }
func extension(critical bool, value []byte, id ...int) edit {
	return func(c *Cert) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: id, Critical: critical, Value: value})
	}
}
func domains(permitted, excluded []string) edit {
	return func(c *Cert) {
		c.PermittedDNSDomainsCritical = true
		c.PermittedDNSDomains, c.ExcludedDNSDomains = permitted, excluded
	}
}

// asVersion1 takes away what version 1 does not have, and signs again.
func asVersion1(der []byte, key *rsa.PrivateKey) []byte {
	type tbsCertificate struct {
		Serial                                          *big.Int
		Algorithm, Issuer, Validity, Subject, PublicKey asn1.RawValue
	}
	parsed := must(x509.ParseCertificate(der))
	var full struct {
		TBS struct {
			Version                                         int `asn1:"explicit,tag:0"`
			Serial                                          *big.Int
			Algorithm, Issuer, Validity, Subject, PublicKey asn1.RawValue
			Extensions                                      asn1.RawValue `asn1:"optional,explicit,tag:3"`
		}
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	must(asn1.Unmarshal(parsed.Raw, &full))
	tbs := must(asn1.Marshal(tbsCertificate{full.TBS.Serial, full.TBS.Algorithm, full.TBS.Issuer,
		full.TBS.Validity, full.TBS.Subject, full.TBS.PublicKey}))
	hash := sha256.Sum256(tbs)
	signature := must(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:]))
	return must(asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: tbs}, full.Algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}}))
}

func readRSA(text []byte) (*rsa.PrivateKey, error) {
	read, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(read.Bytes)
	if err != nil {
		return nil, err
	}
	return key.(*rsa.PrivateKey), nil
}
