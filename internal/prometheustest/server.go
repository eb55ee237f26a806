// Package prometheustest runs Prometheus for tests.
package prometheustest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Command returns a command of Prometheus, with arguments. Where it is not installed, the test
// is skipped, or fails if CI=true.
func Command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(name + " is not installed")
	}
	return exec.Command(path, args...)
}

// A Server runs until the test ends.
type Server struct{ url string }

// Start starts a server that scrapes a page, every 200 ms, as the job shop. relabel is YAML, the
// list metric_relabel_configs; rules are files.
func Start(t *testing.T, page, relabel string, rules ...string) *Server {
	t.Helper()
	for i, file := range rules {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		rules[i] = fmt.Sprintf("%q", path)
	}
	dir := t.TempDir()
	config := "global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}\n" +
		"rule_files: [" + strings.Join(rules, ", ") + "]\n" +
		"scrape_configs:\n- job_name: shop\n  static_configs: [{targets: [\"" + page + "\"]}]\n"
	if relabel != "" {
		config += "  metric_relabel_configs:\n" + relabel
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	server := Command(t, "prometheus", "--config.file", file, "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", address)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server.Stderr = log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
		log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s", text)
		}
	})
	return &Server{"http://" + address}
}

// A Sample is what a query has found.
type Sample struct {
	Metric map[string]string // the labels
	Value  [2]any            // the time and the number, as text
}

// Query returns what a query finds, as soon as that is something, or nothing after half a
// minute.
func (s *Server) Query(query string) []Sample {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		response, err := client.Get(s.url + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil {
			continue // it is starting
		}
		var answer struct{ Data struct{ Result []Sample } }
		err = json.NewDecoder(response.Body).Decode(&answer)
		response.Body.Close()
		if err == nil && len(answer.Data.Result) > 0 {
			return answer.Data.Result
		}
	}
	return nil
}

// freeAddress returns one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
