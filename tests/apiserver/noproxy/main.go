// Writes kcc-core/testdata/noproxy.tsv: which proxy client-go would take from the environment.
//
//	cd tests/apiserver && go run ./noproxy > ../../kcc-core/testdata/noproxy.tsv
package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

var servers = []string{
	"https://api.example.com:6443",
	"https://api.example.com",
	"https://API.Example.COM:6443",
	"https://example.com:443",
	"https://notexample.com",
	"https://example.com.evil.org",
	"https://localhost:6443",
	"https://LOCALHOST:6443",
	"https://localhost.:6443",
	"https://10.1.2.3:6443",
	"https://10.1.2.3",
	"https://127.0.0.1:6443",
	"https://127.8.9.10",
	"https://[::1]:6443",
	"https://[2001:db8::7]:6443",
	"https://[2001:db8:1::7]",
	"https://[::ffff:10.1.2.3]:6443",
	"https://[::ffff:127.0.0.1]",
	"https://0.0.0.0:6443",
	"http://api.example.com",
	"http://api.example.com:8080",
	"http://10.1.2.3",
}

var exempt = []string{
	"",
	"*",
	" * ",
	"a.org,*",
	"*:6443",
	"example.com",
	".example.com",
	"*.example.com",
	"*example.com",
	"api.example.com",
	"api.example.com.",
	"API.EXAMPLE.com",
	"example.com:6443",
	"example.com:443",
	"example.com:80",
	"example.com:",
	"example.com:https",
	".example.com:6443",
	"*.example.com:6443",
	"com",
	".com",
	".",
	"*.",
	":6443",
	"example.com,10.1.2.3",
	" a.org , example.com ",
	"a.org example.com",
	"localhost",
	"10.1.2.3",
	"10.1.2.3:6443",
	"10.1.2.3:443",
	"[10.1.2.3]:6443",
	"[10.1.2.3]",
	"10.1.2.03",
	"10.1.2",
	"10.0.0.0/8",
	"10.1.2.0/24",
	"10.1.2.3/32",
	"10.1.2.4/32",
	"10.1.2.4/31",
	"010.0.0.0/8",
	"10.0.0.0/8:6443",
	"0.0.0.0/0",
	"10.0.0.0/33",
	"10.0.0.0/",
	"10.0.0.0/+8",
	"10.*",
	"2001:db8::7",
	"2001:0db8:0:0::7",
	"[2001:db8::7]",
	"[2001:db8::7]:6443",
	"[2001:db8::7]:443",
	"2001:db8::/32",
	"2001:db8:1::/48",
	"::/0",
	"::ffff:10.1.2.3",
	"::ffff:10.0.0.0/104",
	"::ffff:0:0/96",
}

var proxies = []string{
	"proxy:3128",
	"proxy",
	"http://proxy",
	"HTTP://Proxy:3128",
	"https://proxy:3128/path",
	"socks5://proxy:1080",
	"socks5h://proxy:1080",
	"http://me:s3c%72et@proxy:3128",
	"me:secret@proxy:3128",
	"10.9.9.9:3128",
	"[2001:db8::9]:3128",
	"http://[2001:db8::9]:3128",
	"http://proxy:abc",
	"proxy:abc",
	"http://pro xy",
	"http://proxy\\x",
}

func main() {
	fmt.Println("# server, variable, its value, NO_PROXY, the proxy that client-go takes.")
	fmt.Println("# Made anew: cd tests/apiserver && go run ./noproxy > ../../kcc-core/testdata/noproxy.tsv")
	for _, server := range servers {
		for _, value := range exempt {
			row(server, "HTTPS_PROXY", "http://proxy:3128", value)
			if strings.HasPrefix(server, "http:") {
				row(server, "HTTP_PROXY", "http://proxy:3128", value)
			}
		}
	}
	for _, proxy := range proxies {
		row("https://api.example.com:6443", "HTTPS_PROXY", proxy, "")
	}
}

func row(server, variable, proxy, exempt string) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		os.Unsetenv(name)
	}
	os.Setenv(variable, proxy)
	os.Setenv("NO_PROXY", exempt)
	byGo := httpproxy.FromEnvironment().ProxyFunc()
	byClientGo := utilnet.NewProxierWithNoProxyCIDR(func(req *http.Request) (*url.URL, error) {
		return byGo(req.URL)
	})
	req, err := http.NewRequest("GET", server, nil)
	if err != nil {
		panic(err)
	}
	found, err := byClientGo(req)
	if err != nil {
		panic(err)
	}
	shown := ""
	if found != nil {
		shown = found.Scheme + "://" + found.Host
		if found.User != nil {
			password, _ := found.User.Password()
			shown = found.Scheme + "://" + found.User.Username() + ":" + password + "@" + found.Host
		}
	}
	fmt.Printf("%s\t%s\t%s\t%s\t%s\n", server, variable, proxy, exempt, shown)
}
