package main

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// A node is an HTTP service on a loopback port. It keeps its port when it is stopped
// and started again.
type node struct {
	handler http.Handler
	ctx     context.Context // of all requests

	addr   string
	server *http.Server
	served chan error
}

func (n *node) start() error {
	if n.addr == "" {
		n.addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", n.addr)
	if err != nil {
		return err
	}
	n.addr = listener.Addr().String()
	n.server = &http.Server{
		Handler:     n.handler,
		BaseContext: func(net.Listener) context.Context { return n.ctx },
	}
	n.served = make(chan error, 1)
	go func() { n.served <- n.server.Serve(listener) }()
	return nil
}

// stop closes the port and every connection.
func (n *node) stop() error {
	if err := n.server.Close(); err != nil {
		return err
	}
	if err := <-n.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (n *node) url() string { return "http://" + n.addr }
