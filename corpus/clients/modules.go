//go:build modules

// This file is not built. It imports packages that go.mod must provide for the wrappers,
// and that nothing else here imports.
package main

import (
	_ "github.com/aws/aws-sdk-go-v2/service/ec2"
	_ "github.com/aws/aws-sdk-go-v2/service/sts"
)
