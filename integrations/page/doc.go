// Package resilpage is a page that shows what the resilient clients of a program do now:
// which backend is ill, what is refused and why. It needs the standard library only, and its
// one handler serves everything, styles and script included.
//
//	page := resilpage.New(registry)
//	defer page.Close()
//	mux.Handle("/debug/resil", page)
//
// The page is live, by server-sent events, and shows the same without JavaScript after a
// reload. A program that asks for application/json gets a [State].
//
// # Who may look
//
// The page shows errors and keys. Serve it on an address that only operators reach, or behind
// the login of your other pages: the handler itself asks nobody who reads. It answers only
// requests whose Host is an IP address, localhost or listed by [WithHosts], so that no other
// site can read it through the browser of somebody who may.
//
// # What it costs
//
// Nothing until the first request: no goroutine, no timer. Then one goroutine samples the
// statistics of the clients each second, and ends when nobody has looked for five minutes.
// Sparklines and rates begin with the first request. [Page.Run] keeps them all the time, for
// those who open the page at night.
package resilpage
