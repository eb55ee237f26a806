package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// What is ordered, and by whom.
var (
	tenants = []string{"acme", "globex", "initech"}
	items   = []string{"chair", "lamp", "table"}
)

// load has callers order at url, each again and again with a pause, until ctx ends.
func load(ctx context.Context, url string, callers int, pause time.Duration) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	defer all.Wait()
	for range callers {
		all.Go(func() {
			ticker := time.NewTicker(pause)
			defer ticker.Stop()
			for {
				order(ctx, client, url)
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
			}
		})
	}
}

// order orders something. Whether that works is for the page and the metrics to say.
func order(ctx context.Context, client *http.Client, at string) {
	what := url.Values{"tenant": {tenants[rand.IntN(len(tenants))]}, "item": {items[rand.IntN(len(items))]}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"?"+what.Encode(), nil)
	if err != nil {
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}
