package resilpage

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestSecretsInTheFormsThatErrorsHaveThem(t *testing.T) {
	for _, text := range []string{
		`password='s3cr3t' host=db`, `password="a s3cr3t"`, `password: 's3cr3t'`, `password="a\"s3cr3t"`, `pass=x passwd=ab'cds3cr3t`,
		`{\"password\":\"s3cr3t\"}`, `{\\\"password\\\":\\\"s3cr3t\\\"}`, `{'password': 's3cr3t'}`,
		`client_secret=s3cr3t`, `refresh_token=s3cr3t`, `"access_token":"s3cr3t"`, `DB_PASSWORD=s3cr3t`, `aws_secret_access_key=s3cr3t`,
		`{Host:db accessToken:s3cr3t}`, `X-Api-Key: s3cr3t`, `x-amz-security-token: s3cr3t`, `passphrase=s3cr3t`, `private_key=s3cr3t`, `session_id=s3cr3t`,
		`dial postgres://u:p@s3cr3t@db/x`, `parse "postgres://u:p/s3cr3t@db/x": invalid port ":p" after host`,
		`parse "postgres://u:s3cr3t#x@db/x": invalid port ":s3cr3t" after host`,
		`u:s3cr3t@tcp(db:3306)/x`,
		`postgres://u:` + strings.Repeat("s3cr3t", 2_000) + `@db`,
		`https://h/x?` + strings.Repeat("a", 6_300) + ` failed: postgres://u:s3cr3t` + strings.Repeat("b", 200) + `@db`,
		`Authorization: Token s3cr3t`, `map[Authorization:[Token s3cr3t]]`, `Cookie: session=s3cr3t; other=s3cr3t`,
		`the token eyJhbGciOiJIUzI1NiJ9.s3cr3t.s3cr3t is too old`,
	} {
		if got := (&printer{}).error(errors.New(text)); strings.Contains(got, "s3cr3t") {
			t.Errorf("%.80s is shown as %.200s", text, got)
		}
	}
	for _, text := range []string{
		"https://registry:8080/@scope/pkg not found", "dial tcp 10.0.0.1:5432: connection refused", "3 tokens: 5 left",
		"the token is too old", "no user ann@mail.example.com", "cookie: not found", "authorization failed: no such role",
	} {
		if got := (&printer{}).error(errors.New(text)); got != text {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}

// Any number of keys, however slow each is, do not keep readers waiting.
func TestSlowKeysDoNotHoldThePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		_, keyed := newKeyed[slowly](t, registry, "Users", "breaker per=tenant open=10m")
		for i := range 500 {
			fail(keyed.For(slowly(i)), 5, errDown)
		}
		page := newPage(t, registry)
		for target, want := range map[string]string{"/": "is too slow to give all texts", "/?q=tenant": "tenant"} {
			began := time.Now()
			body := get(page, target).Body.String()
			if took := time.Since(began); took > 2*time.Second || took == 0 {
				t.Errorf("%s takes %s", target, took)
			}
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q", target, want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

type slowly int

func (slowly) String() string { time.Sleep(patience / 2); return "tenant" }

// An error may hang because of one that it wraps. Others of its type are shown again.
func TestAnErrorThatHangsDoesNotSilenceItsType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p printer
		good, bad := wraps{errors.New("reset by peer")}, wraps{hung{}}
		for range 10 { // each of them hangs for an hour
			p.error(bad)
			if got := p.error(good); !strings.Contains(got, "gives no text in time") {
				t.Error(got)
			}
			time.Sleep(2 * hangAgain)
		}
		time.Sleep(2 * time.Hour)
		if got := p.error(good); got != "call: reset by peer" {
			t.Error(got)
		}
		p.error(bad)
		time.Sleep(2 * hangAgain)
		if got := p.error(good); got != "call: reset by peer" {
			t.Errorf("while another hangs: %s", got)
		}
		time.Sleep(time.Hour)
	})
}

type wraps struct{ error }

func (w wraps) Error() string { return "call: " + w.error.Error() }

type hung struct{}

func (hung) Error() string { time.Sleep(time.Hour); return "" }

func TestKeysOfNamedTypesCostNoGoroutine(t *testing.T) {
	type tenant string
	type id uint64
	for key, want := range map[any]string{tenant("acme"): "acme", id(7): "7", true: "true"} {
		if got, ok := plain(key); !ok || got != want {
			t.Errorf("%v: %q, %v", key, got, ok)
		}
	}
	if _, ok := plain(slowly(1)); ok {
		t.Error("a key with a method is not asked")
	}
}
