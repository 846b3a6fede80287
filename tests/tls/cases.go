package main

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

const (
	nobody      = "which is not trusted"
	selfSigned  = "is self-signed, and not trusted"
	hasExpired  = "expired at"
	noAuthority = "may not sign others"
	purpose     = "is not for servers"
	wrongName   = "not for 127.0.0.1"
	short       = "has an RSA key of 1024 bits"
	critical    = "critical"
	notItsKey   = "\"CN=the-server\" was shown by somebody who does not have its key"
)

// of is a case with this server's certificate and these trusted ones.
func of(name string, server *Cert, trusted ...*Cert) *Case {
	made := &Case{Name: name, chain: [][]byte{server.der}, key: server.key, Works: true}
	for _, cert := range trusted {
		made.Authority = append(made.Authority, cert.pem()...)
	}
	return made
}

func (c *Case) sends(certs ...*Cert) *Case {
	for _, cert := range certs {
		c.chain = append(c.chain, cert.der)
	}
	return c
}

func (c *Case) refused(says string) *Case  { c.Works, c.Says = false, says; return c }
func (c *Case) stricter(says string) *Case { c.Stricter, c.Says = true, says; return c }
func (c *Case) named(name string) *Case    { c.ServerName = name; return c }
func (c *Case) insecure() *Case            { c.Insecure, c.Authority = true, nil; return c }
func (c *Case) trusts(pem ...[]byte) *Case { c.Authority = bytes.Join(pem, nil); return c }
func (c *Case) tls12() *Case {
	c.Name, c.version = c.Name+", TLS 1.2", tls.VersionTLS12
	return c
}

// signs has the server use another key than its certificate's.
func (c *Case) signs(key crypto.Signer) *Case { c.key = key; return c }

func table() []*Case {
	return slices.Concat(pinned(), authorities(), chains(), keys(), bundles(), namesTable(),
		handshakes(), insecure(), clients())
}

// pinned are servers whose certificate is itself among the trusted.
func pinned() []*Case {
	self := func(edits ...edit) *Cert { return server(nil, edits...) }
	own := func(name string, cert *Cert) *Case { return of("itself: "+name, cert, cert) }
	ca := authority("ca")
	return []*Case{
		own("self-signed", self()),
		own("self-signed", self()).tls12(),
		own("CA:TRUE", self(isCA, usage(x509.KeyUsageCertSign))),
		own("CA:FALSE", self(isNoCA)),
		own("issued by somebody else", server(ca)),
		own("another name", self(names("other.example"))).refused(wrongName),
		own("its name by tls-server-name", self(names("other.example"))).named("other.example"),
		own("no name", self(noNames)).refused("a common name does not count"),
		own("CA:TRUE and no name", self(isCA, noNames)).refused("a common name does not count"),
		own("expired", self(expired)).refused(hasExpired),
		own("not yet valid", self(notYet)).refused("is not valid before"),
		own("for clients", self(purposes(x509.ExtKeyUsageClientAuth))).refused(purpose),
		own("a critical extension", self(extension(true, []byte{5, 0}, 1, 2, 3, 4))).refused(critical),
		own("signed with SHA-1", self(signedBy(x509.ECDSAWithSHA1))),
		own("no subject", self(noSubject)),
		own("its key is elsewhere", self()).signs(p384).refused(""),
		own("its key is elsewhere", self()).signs(p256).refused(notItsKey),
		own("its key is elsewhere", self()).signs(p256).tls12().refused(notItsKey),
		own("CA:TRUE, its key is elsewhere", self(isCA)).signs(p256).refused(notItsKey),
		of("self-signed, another trusted", self(), ca).refused(selfSigned),
		of("self-signed of the same name and key", self(), self()).refused(selfSigned),
		of("self-signed CA:TRUE of the same name and key", self(isCA), self(isCA)).refused(selfSigned),
	}
}

// authorities are roots of all kinds.
func authorities() []*Case {
	under := func(name string, edits ...edit) *Case {
		root := authority("the-root", edits...)
		return of("root: "+name, server(root), root)
	}
	limited := authority("the-root", pathLen(0))
	middle := authority("the-middle", by(limited))
	one := authority("the-root", pathLen(1))
	below := authority("the-middle", by(one))
	old := authority("the-root", keyed(rsa2048), version1)
	stranger := authority("the-root", keyed(p384))
	return []*Case{
		under("a usual one"),
		under("no keyUsage", usage(0)),
		under("signed with SHA-1", signedBy(x509.ECDSAWithSHA1)),
		under("for ever", forEver),
		under("expired", expired).refused(hasExpired),
		under("not yet valid", notYet).refused("is not valid before"),
		under("no basicConstraints", noConstraints).refused(noAuthority),
		under("CA:FALSE", isNoCA).refused(noAuthority),
		under("no keyCertSign", usage(x509.KeyUsageDigitalSignature)).refused(noAuthority),
		under("for clients", purposes(x509.ExtKeyUsageClientAuth)).refused(purpose),
		under("for servers", purposes(x509.ExtKeyUsageServerAuth)),
		under("for any purpose", purposes(x509.ExtKeyUsageAny)),
		under("a critical extension", extension(true, []byte{5, 0}, 1, 2, 3, 4)).refused(critical),
		under("another extension", extension(false, []byte{5, 0}, 1, 2, 3, 4)),
		of("root: version 1", server(old), old),
		of("root: version 1 not sent for", server(old), authority("ca")).refused(nobody),
		of("root: pathlen 0, none between", server(limited), limited),
		of("root: pathlen 0, one between", server(middle), limited).sends(middle).refused("allows fewer"),
		of("root: pathlen 1, one between", server(below), one).sends(below),
		of("root: another of its name", server(stranger), authority("the-root")).refused("did not sign"),
		of("root: beside another of its name", server(stranger), authority("the-root"), stranger),
		of("root: beside its expired self", server(stranger),
			authority("the-root", keyed(p384), expired), stranger),
		of("root: an intermediate one", server(below), below),
	}
}

// chains are what is between, and the server's own certificate.
func chains() []*Case {
	root := authority("the-root")
	through := func(name string, edits ...edit) *Case {
		middle := authority("the-middle", append([]edit{by(root)}, edits...)...)
		return of("between: "+name, server(middle), root).sends(middle)
	}
	middle := authority("the-middle", by(root))
	lowest := authority("the-lowest", by(middle))
	stray := authority("the-middle", by(root), keyed(p384))
	leaf := func(name string, edits ...edit) *Case {
		return of("server: "+name, server(root, edits...), root)
	}
	dead := authority("the-root", expired)
	plain := authority("the-root", noConstraints)
	limited := authority("the-limited", domains([]string{"server.example"}, nil))
	strict := authority("the-strict", domains([]string{"elsewhere.example"}, nil))
	excluding := authority("the-excluding", domains(nil, []string{"server.example"}))
	policies := must(asn1.Marshal([]struct{ ID asn1.ObjectIdentifier }{{asn1.ObjectIdentifier{1, 2, 3}}}))
	return []*Case{
		through("a usual one"),
		through("expired", expired).refused(hasExpired),
		through("no basicConstraints", noConstraints).refused(noAuthority),
		through("CA:FALSE", isNoCA).refused(noAuthority),
		through("no keyCertSign", usage(x509.KeyUsageCRLSign)).refused(noAuthority),
		through("for clients", purposes(x509.ExtKeyUsageClientAuth)).refused(purpose),
		through("for any purpose", purposes(x509.ExtKeyUsageAny)),
		of("between: not sent", server(middle), root).refused(nobody),
		of("between: two, in the wrong order", server(lowest), root).sends(middle, lowest),
		of("between: one of two is missing", server(lowest), root).sends(lowest).refused(nobody),
		of("between: beside another of its name", server(middle), root).sends(stray, middle),

		leaf("CA:TRUE", isCA),
		leaf("CA:TRUE and keyCertSign", isCA, usage(x509.KeyUsageCertSign)),
		leaf("CA:TRUE", isCA).tls12(),
		leaf("CA:TRUE, another name", isCA, names("other.example")).refused(wrongName),
		leaf("CA:TRUE, expired", isCA, expired).refused(hasExpired),
		leaf("CA:TRUE, for clients", isCA, purposes(x509.ExtKeyUsageClientAuth)).refused(purpose),
		leaf("CA:TRUE, its key is elsewhere", isCA).signs(p256).refused(notItsKey),
		of("server: CA:TRUE, through another", server(middle, isCA), root).sends(middle),
		of("server: CA:TRUE, root pathlen 0", server(limitedTo(0), isCA), limitedTo(0)),
		of("server: CA:TRUE, root expired", server(dead, isCA), dead).refused(hasExpired),
		of("server: CA:TRUE, root no CA", server(plain, isCA), plain).refused(noAuthority),
		of("server: CA:TRUE, another root of the name", server(authority("the-root", keyed(p384)), isCA), root).
			refused("did not sign"),
		of("server: CA:TRUE, nobody's", server(authority("ca"), isCA), root).refused(nobody),
		of("server: CA:TRUE, names allowed", server(limited, isCA), limited).stricter("nameConstraints"),
		of("server: CA:TRUE, names not allowed", server(strict, isCA), strict).refused("nameConstraints"),

		leaf("no subject", noSubject),
		leaf("for ever", forEver),
		leaf("other kinds of names", otherNames),
		leaf("names of rare kinds", extension(false, rareNames, 2, 5, 29, 17)),
		leaf("names that are none", extension(false, []byte{5, 0}, 2, 5, 29, 17)).refused("cannot be read"),
		leaf("no extendedKeyUsage", purposes()),
		leaf("for any purpose", purposes(x509.ExtKeyUsageAny)),
		leaf("for clients", purposes(x509.ExtKeyUsageClientAuth)).refused(purpose),
		leaf("for both", purposes(x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth)),
		leaf("expired", expired).refused(hasExpired),
		leaf("not yet valid", notYet).refused("is not valid before"),
		leaf("a critical extension", extension(true, []byte{5, 0}, 1, 2, 3, 4)).refused(critical),
		leaf("critical policies", extension(true, policies, 2, 5, 29, 32)).stricter("a critical extension that is not understood"),
		leaf("its key is elsewhere").signs(p256).refused(notItsKey),
		of("server: names allowed", server(limited), limited),
		of("server: names not allowed", server(strict), strict).refused("may not vouch for"),
		of("server: names excluded", server(excluding), excluding).refused("may not vouch for"),
	}
}

var limits = map[int]*Cert{}

// limitedTo is one root for each length.
func limitedTo(length int) *Cert {
	if limits[length] == nil {
		limits[length] = authority("the-limited-root", pathLen(length))
	}
	return limits[length]
}

// keys are kinds of keys and of signatures.
func keys() []*Case {
	var all []*Case
	for _, key := range []struct {
		name string
		key  crypto.Signer
	}{
		{"P-256", p256}, {"P-384", p384}, {"P-521", p521}, {"RSA 2048", rsa2048},
		{"RSA 8192", rsa8192}, {"Ed25519", ed},
	} {
		root, usual := authority("the-root", keyed(key.key)), authority("the-root")
		self := server(nil, keyed(key.key))
		all = append(all,
			of("key: "+key.name+" of the server", server(usual, keyed(key.key)), usual),
			of("key: "+key.name+" of the server", server(usual, keyed(key.key)), usual).tls12(),
			of("key: "+key.name+" of the root", server(root), root),
			of("key: "+key.name+" of all", server(root, keyed(key.key)), root),
			of("key: "+key.name+" of a server with CA:TRUE", server(root, isCA, keyed(key.key)), root),
			of("key: "+key.name+" of a server that is trusted itself", self, self),
			of("key: "+key.name+" of a server that is trusted itself", self, self).tls12(),
		)
	}
	signed := func(name string, key crypto.Signer, algorithm x509.SignatureAlgorithm) *Case {
		root := authority("the-root", keyed(key))
		return of("signature: "+name, server(root, signedBy(algorithm)), root)
	}
	weak := authority("the-root", keyed(rsa1024))
	usual := authority("the-root")
	return append(all,
		signed("RSA-PSS SHA-256", rsa2048, x509.SHA256WithRSAPSS),
		signed("RSA-PSS SHA-512", rsa2048, x509.SHA512WithRSAPSS),
		signed("RSA SHA-512", rsa2048, x509.SHA512WithRSA),
		signed("P-256 SHA-512", p256, x509.ECDSAWithSHA512),
		signed("P-256 SHA-384", p256, x509.ECDSAWithSHA384),
		signed("P-384 SHA-256", p384, x509.ECDSAWithSHA256),
		signed("P-384 SHA-512", p384, x509.ECDSAWithSHA512),
		signed("P-521 SHA-256", p521, x509.ECDSAWithSHA256),
		signed("RSA SHA-1", rsa2048, x509.SHA1WithRSA).refused("SHA-1"),
		signed("ECDSA SHA-1", p256, x509.ECDSAWithSHA1).refused("SHA-1"),
		of("key: RSA 1024 of the root", server(weak), weak).stricter(short),
		of("key: RSA 1024 of the server", server(usual, keyed(rsa1024)), usual).stricter(short),
	)
}

// bundles are forms of certificate-authority-data.
func bundles() []*Case {
	root := authority("the-root")
	leaf := server(root)
	good, cut := root.pem(), root.pem()[:120]
	form := func(name string, pem ...[]byte) *Case {
		return of("bundle: "+name, leaf).trusts(pem...)
	}
	noBase64 := []byte("-----BEGIN CERTIFICATE-----\n?!?!\n-----END CERTIFICATE-----\n")
	noDER := block("CERTIFICATE", []byte{1, 2, 3})
	headers := bytes.Replace(good, []byte("-----\n"), []byte("-----\nName: value\n\n"), 1)
	return []*Case{
		form("no base64 before", noBase64, good),
		form("no base64 behind", good, noBase64),
		form("no certificate before", noDER, good),
		form("no certificate behind", good, noDER),
		form("a key before", block("PRIVATE KEY", []byte{1}), good),
		form("cut off before", cut, []byte("\n"), good),
		form("cut off behind", good, cut),
		form("text in Latin-1", []byte("# M\xfcller\n"), good),
		form("other lines", []byte("subject=the-root\n\n"), bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n"))),
		form("several", authority("ca").pem(), good, authority("ca").pem()),
		form("headers", headers).refused("no PEM certificate"),
		form("headers beside", headers, good),
		form("no certificate alone", noDER).refused("no PEM certificate"),
		form("no base64 alone", noBase64).refused("no PEM certificate"),
		form("trusted label", bytes.ReplaceAll(good, []byte(" CERT"), []byte(" TRUSTED CERT"))).refused("no PEM certificate"),
	}
}

// namesTable is what the server is called, and what its certificate says.
func namesTable() []*Case {
	root := authority("the-root")
	named := func(named string, known ...string) *Case {
		name := "name: " + named
		return of(name, server(root, names(known...)), root).named(named)
	}
	return []*Case{
		named("server.example", "server.example"),
		named("SERVER.example", "server.EXAMPLE"),
		named("other.example", "server.example").refused("not for other.example"),
		named("a.server.example", "*.server.example"),
		named("a.b.server.example", "*.server.example").refused("not for a.b.server.example"),
		named("server.example.", "server.example"),
		named("server.example", "*.server.example").refused("not for server.example"),
		named("a.local", "*.local"),
		named("A.local", "*.LOCAL"),
		named("local", "*.local").refused("not for local"),
		named("a.b.local", "*.local").refused("not for a.b.local"),
		named("a", "*").refused("not for a"),
		named("ab.server.example", "a*.server.example").refused("not for ab.server.example"),
		named("kube_api.local", "kube_api.local"),
		named("server", "server"),
		named("127.0.0.1", "127.0.0.1").refused(wrongName),
		of("name: an address by tls-server-name", server(root), root).named("127.0.0.1"),
		of("name: another address", server(root), root).named("127.0.0.2").refused("not for 127.0.0.2"),
		of("name: none", server(root, noNames), root).refused("a common name does not count"),
		of("name: the common name", server(root, noNames, common("server.example")), root).
			named("server.example").refused("a common name does not count"),
		of("name: an address as common name", server(root, noNames, common("127.0.0.1")), root).
			refused("a common name does not count"),
	}
}

// handshakes are servers with one key exchange, or one cipher.
func handshakes() []*Case {
	root := authority("the-root")
	leaf := server(root)
	var all []*Case
	for _, curve := range []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521} {
		made := of("key exchange: "+curve.String(), leaf, root)
		made.curves = []tls.CurveID{curve}
		if curve == tls.CurveP521 {
			made.stricter("HandshakeFailure")
		}
		all = append(all, made)
	}
	for _, suite := range []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	} {
		made := of("cipher: "+tls.CipherSuiteName(suite), leaf, root).tls12()
		made.suites = []uint16{suite}
		if suite == tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA {
			// HTTP/2 forbids it, too.
			made.stricter("HandshakeFailure")
		}
		all = append(all, made)
	}
	return all
}

// insecure are servers that nobody checks.
func insecure() []*Case {
	root := authority("the-root", keyed(rsa2048))
	weak := authority("the-root", keyed(rsa1024))
	unchecked := func(name string, cert *Cert) *Case { return of("insecure: "+name, cert).insecure() }
	var all []*Case
	for _, made := range []func() *Case{
		func() *Case { return unchecked("self-signed", server(nil)) },
		func() *Case { return unchecked("version 1", server(root, keyed(rsa2048), version1)) },
		func() *Case { return unchecked("version 1, P-256", server(root, version1)) },
		func() *Case { return unchecked("version 1, P-521", server(root, version1, keyed(p521))) },
		func() *Case { return unchecked("version 1, RSA 1024", server(weak, keyed(rsa1024), version1)) },
		func() *Case { return unchecked("RSA 1024", server(nil, keyed(rsa1024))) },
		func() *Case { return unchecked("RSA 8192", server(nil, keyed(rsa8192))) },
		func() *Case { return unchecked("Ed25519", server(nil, keyed(ed))) },
		func() *Case { return unchecked("expired", server(nil, expired)) },
		func() *Case { return unchecked("no name", server(nil, noNames)) },
		func() *Case { return unchecked("CA:TRUE", server(nil, isCA)) },
		func() *Case {
			return unchecked("a critical extension", server(nil, extension(true, []byte{5, 0}, 1, 2, 3, 4)))
		},
		func() *Case { return unchecked("SHA-1", server(root, signedBy(x509.SHA1WithRSA))) },
		func() *Case { return unchecked("its key is elsewhere", server(nil)).signs(p256).refused(notItsKey) },
		func() *Case {
			return unchecked("version 1, its key is elsewhere", server(root, version1)).signs(p256).refused(notItsKey)
		},
	} {
		all = append(all, made(), made().tls12())
	}
	return append(all, of("insecure: version 1 is checked", server(root, version1), root).refused("of an X.509 version before 3"))
}
