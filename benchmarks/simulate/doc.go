// Package simulate writes the page on what fleets of clients do to a backend, with its
// pictures: the scenarios of internal/simulation, with resilgen's policies and with
// failsafe-go's. It is a test, because virtual time needs one; make simulate runs it.
package simulate
