// Package simulation plays what many clients and one backend do to each other: a
// fleet goes through an outage in virtual time, on the real engine, exactly and within
// moments. Its tests check the default policies; the page of behaviour in
// the documentation shows the same scenarios.
package simulation
