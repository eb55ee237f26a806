// Package servers has tests in which real servers fail: they are killed, restarted, hung,
// overloaded, read-only. The tests tell what class each error has that a guarded client
// then meets, whether the call is repeated, and whether the breaker opens.
//
// The servers are those of Debian's packages, which .ci/servers installs, as processes of
// the tests. A test whose server is not there is skipped, and fails if CI=true.
package servers
