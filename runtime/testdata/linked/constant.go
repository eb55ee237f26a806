//go:build !variable

package main

func reflectOn(error) {}
