.DEFAULT_GOAL := help
.PHONY: help run web test check bench accept sbom openapi fixture

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

run: web ## Build everything and serve a demo city
	cargo run --release --locked -- demo

# Without Node, or before there is a web app, the binary carries web/placeholder.html instead.
web: ## Build the web app into web/dist
ifneq ($(wildcard web/package.json),)
	@if command -v npm >/dev/null; then \
		cd web && npm ci --no-audit --no-fund && npm run build; \
	else \
		printf '\n*** %s\n\n' 'THE WEB APP IS NOT BUILT: npm is not installed. A placeholder stands in for it.' >&2; \
	fi
endif

test: ## Every test; installs PostgreSQL and strace where it may
	scripts/ensure postgresql
	scripts/ensure strace
	scripts/ensure chinesecalendar
	cargo test --workspace --locked

check: ## Format, lints, documentation, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
	scripts/deny

bench: ## Load measurements of the release build; BENCH='--only records --largest 200000' for less
	scripts/ensure postgresql
	cargo build --release --locked --bin anlao
	cargo build --release --locked --example load
	target/release/examples/load $(BENCH)

accept: ## What a release must pass, with a table; STEPS="fuzz sbom" for some, the corpora in the folder ANLAO_CORPORA
	@scripts/accept $(STEPS)

sbom: ## What is built into the program, as CycloneDX in target/sbom
	@scripts/sbom

openapi: ## Rewrite openapi/openapi.json
	mkdir -p openapi
	cargo run --locked -- openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json

fixture: ## Keep the records of this release for the tests of later ones; once, when it is released
	cargo test --locked --test api -- --ignored --exact releases::the_records_of_this_release_are_kept
