// Package slack guards a client of Slack.
package slack

import (
	"context"

	"github.com/slack-go/slack"
)

//go:generate go tool resilgen

// Slack is the part of slack.Client that is used.
//
//resil:timeout 15s attempt=5s
//resil:retry 3 max=1m
//resil:breaker
//resil:retry off methods=Post*
type Slack interface {
	GetUserInfoContext(ctx context.Context, user string, options ...slack.GetUserInfoOption) (*slack.User, error)
	PostMessageContext(ctx context.Context, channel string, options ...slack.MsgOption) (channelID, timestamp string, err error)
}
