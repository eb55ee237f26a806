//go:build !unix

package main

import "os"

// maxRSS returns 0: the memory of a process is not known here.
func maxRSS(*os.ProcessState) float64 { return 0 }
