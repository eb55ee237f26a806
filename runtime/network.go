package resil

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"io"
	"net"
	"net/url"
	"syscall"
)

// networkClass classifies one error, without looking at what it wraps.
func networkClass(err error) Class {
	switch err {
	case io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, driver.ErrBadConn:
		return Infrastructure
	}
	switch e := err.(type) {
	case *tls.CertificateVerificationError, tls.RecordHeaderError, tls.AlertError,
		x509.UnknownAuthorityError, x509.HostnameError, x509.CertificateInvalidError, x509.SystemRootsError:
		return SystemFault
	case *url.Error:
		// An answer that ends before it began is a dead connection. Plain io.EOF
		// is how many callees say that there is no more.
		if e.Err == io.EOF {
			return Infrastructure
		}
		// A url.Error is a net.Error whatever it wraps: look inside.
		return Undecided
	case *net.OpError:
		// crypto/tls reports the alerts of a failed handshake under these two.
		if e.Op == "remote error" || e.Op == "local error" || misconfigured(e.Err) {
			return SystemFault
		}
		return Infrastructure
	case *net.DNSError:
		return Infrastructure
	case syscall.Errno:
		return errnoClass(e)
	case net.Error:
		if e.Timeout() {
			return Infrastructure
		}
	}
	if misconfigured(err) {
		return SystemFault
	}
	return Undecided
}

// misconfigured reports whether err says that an address cannot be one.
func misconfigured(err error) bool {
	switch err.(type) {
	case *net.AddrError, net.InvalidAddrError, net.UnknownNetworkError, *net.ParseError:
		return true
	}
	return false
}

// errnoClass knows the errors of a connection; those of files and processes say
// nothing about a backend.
func errnoClass(e syscall.Errno) Class {
	switch e {
	case syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETRESET, syscall.ENOTCONN:
		return Infrastructure
	}
	return Undecided
}
