package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	resilpage "github.com/resilgen/resilgen/integrations/page"
)

// servePage serves the page of the wrappers on a loopback port, and repeats the phases until
// ctx ends, so that there is something to see.
func (d *demo) servePage(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	token := rand.Text()
	page := resilpage.New(d.resil, resilpage.WithToken(token))
	defer page.Close()
	server := &http.Server{Handler: page, ReadHeaderTimeout: 5 * time.Second}
	var background sync.WaitGroup
	background.Go(func() { page.Run(ctx) })
	background.Go(func() {
		<-ctx.Done()
		server.Close()
	})
	fmt.Fprintf(d.w, "\nThe phases go on. See them live at http://%s (token for actions: %s).\nInterrupt to end.\n", listener.Addr(), token)
	d.flush()
	d.w = io.Discard
	background.Go(func() { d.repeat(ctx) })
	err = server.Serve(listener)
	background.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// repeat runs the phases until ctx ends. What is done on the page may keep a breaker from
// closing; that is no error here.
func (d *demo) repeat(ctx context.Context) {
	for {
		for _, p := range phases {
			d.runPhase(p)
			select {
			case <-ctx.Done():
				return
			case <-time.After(2 * time.Second):
			}
		}
	}
}
