package main

import (
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig names one server, its CA and the client certificate `pair`, all by path.
func (d dataDir) writeKubeconfig(file, server, pair string) error {
	const name = "apiserver"
	config := api.NewConfig()
	config.Clusters[name] = &api.Cluster{Server: server, CertificateAuthority: d.path(serverCA + ".crt")}
	config.AuthInfos[name] = &api.AuthInfo{
		ClientCertificate: d.path(pair + ".crt"),
		ClientKey:         d.path(pair + ".key"),
	}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	content, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return d.write(file, content)
}
