DOTNET ?= dotnet
CONFIGURATION ?= Release
RUNTIME ?= linux-$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
DIR ?=
PART ?=

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

check: ## Format, build, unit and shape tests: before every commit
	$(DOTNET) build -c $(CONFIGURATION) -v q
	$(DOTNET) format whitespace --verify-no-changes --no-restore
	$(DOTNET) run --no-build -c $(CONFIGURATION) --project test/Unit

test: ## Everything: build, unit, integration, conformance
	$(DOTNET) build -c $(CONFIGURATION) -v q
	$(DOTNET) test --no-build -c $(CONFIGURATION)

demo: ## The walkthrough, from nothing to a green run
	$(DOTNET) run -c $(CONFIGURATION) --project src/Cli -- demo

publish: ## The native binary, as it is released: artifacts/publish/hikigane (takes some minutes and a C linker, gcc or clang)
	$(DOTNET) publish src/Cli -c Release -r $(RUNTIME) -p:PublishAot=true -p:OptimizationPreference=Speed -o artifacts/publish

golden: ## Score against the recorded answers; DIR=PATH for others, ARGS='--file cel --diff' for details
	@$(DOTNET) run -c $(CONFIGURATION) --project test/Golden -- $(DIR) $(ARGS)

bench: ## The figures of docs/benchmarks.md (needs wrk and kubectl); PART=acks for a part alone
	bench/run.sh $(PART)

.PHONY: help check test demo publish golden bench
