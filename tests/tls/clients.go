package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
)

// clients are users who prove themselves with a certificate, in all forms of a key.
func clients() []*Case {
	root := authority("the-root")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root.pem())
	old := authority("the-old-root", keyed(rsa2048))
	pool.AppendCertsFromPEM(old.pem())
	leaf := server(root)
	with := func(name string, certificate, key []byte) *Case {
		made := of("client: "+name, leaf, root)
		made.Certificate, made.Key, made.clients = certificate, key, pool
		return made
	}
	issued := func(key crypto.Signer) []byte { return client(root, key).pem() }
	pkcs8 := func(key any) []byte { return must(x509.MarshalPKCS8PrivateKey(key)) }
	pkcs1 := func(key *rsa.PrivateKey) []byte { return x509.MarshalPKCS1PrivateKey(key) }
	sec1 := func(key *ecdsa.PrivateKey) []byte { return must(x509.MarshalECPrivateKey(key)) }
	const plain, rsaLabel, ecLabel = "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"

	own := issued(p256)
	key := block(plain, pkcs8(p256))
	parameters := block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7})
	broken := []byte("-----BEGIN CERTIFICATE-----\n?!?!\n-----END CERTIFICATE-----\n")
	latin := []byte("# M\xfcller\n")
	brokenKey := []byte("-----BEGIN PRIVATE KEY-----\n?!?!\n-----END PRIVATE KEY-----\n")
	//lint:ignore SA1019 people have such keys
	locked := must(x509.EncryptPEMBlock(rand.Reader, rsaLabel, pkcs1(rsa2048), []byte("password"), x509.PEMCipherAES128))
	encrypted := pem.EncodeToMemory(locked)
	middle := authority("the-middle", by(root))
	all := []*Case{
		with("P-256", own, key),
		with("P-384", issued(p384), block(plain, pkcs8(p384))),
		with("P-521", issued(p521), block(plain, pkcs8(p521))),
		with("P-521 as SEC1", issued(p521), block(ecLabel, sec1(p521))),
		with("Ed25519", issued(ed), block(plain, pkcs8(ed))),
		with("RSA 2048 as PKCS#1", issued(rsa2048), block(rsaLabel, pkcs1(rsa2048))),
		with("RSA 2048 as PKCS#8", issued(rsa2048), block(plain, pkcs8(rsa2048))),
		with("RSA 8192", issued(rsa8192), block(plain, pkcs8(rsa8192))),
		with("RSA 8192 as PKCS#1", issued(rsa8192), block(rsaLabel, pkcs1(rsa8192))),
		with("PKCS#1 called PRIVATE KEY", issued(rsa2048), block(plain, pkcs1(rsa2048))),
		with("PKCS#1 called EC PRIVATE KEY", issued(rsa2048), block(ecLabel, pkcs1(rsa2048))),
		with("PKCS#8 called RSA PRIVATE KEY", issued(rsa2048), block(rsaLabel, pkcs8(rsa2048))),
		with("PKCS#8 called EC PRIVATE KEY", own, block(ecLabel, pkcs8(p256))),
		with("SEC1 called EC PRIVATE KEY", own, block(ecLabel, sec1(p256))),
		with("SEC1 called PRIVATE KEY", own, block(plain, sec1(p256))),
		with("SEC1 called RSA PRIVATE KEY", own, block(rsaLabel, sec1(p256))),
		with("called MY PRIVATE KEY", own, block("MY PRIVATE KEY", sec1(p256))),
		with("behind its parameters", own, slices.Concat(parameters, block(ecLabel, sec1(p256)))),
		with("both in one text", slices.Concat(own, key), slices.Concat(own, key)),
		with("behind broken blocks", slices.Concat(broken, own), slices.Concat(brokenKey, key)),
		with("text in Latin-1", slices.Concat(latin, own), slices.Concat(latin, key)),
		with("through another", append(client(middle, p256).pem(), middle.pem()...), key),
		with("version 1", client(old, rsa2048, version1).pem(), block(rsaLabel, pkcs1(rsa2048))),
		with("RSA 1024", issued(rsa1024), block(rsaLabel, pkcs1(rsa1024))).stricter("RSA (2048 to 8192 bits)"),
		with("another's key", own, block(plain, pkcs8(p384))).refused("not the certificate's"),
		with("another's key, version 1", client(old, rsa2048, version1).pem(), key).refused("not the certificate's"),
		with("an encrypted key", issued(rsa2048), encrypted).refused("encrypted"),
		with("an encrypted key before", issued(rsa2048), slices.Concat(encrypted, block(rsaLabel, pkcs1(rsa2048)))).refused("encrypted"),
		with("no key", own, own).refused("no PEM private key"),
		with("no certificate", key, key).refused("no PEM certificate"),
		with("a stranger's", client(authority("ca"), p256).pem(), key).refused(""),
	}
	for _, each := range all[:4] {
		older := *each
		older.Name, older.version = older.Name+", TLS 1.2", tls.VersionTLS12
		all = append(all, &older)
	}
	return all
}
