# Every command a developer or a learner runs. CI runs `make test`.

FAMILY ?= consumer-lag
# Two that draw nearly nothing alike, in whatever scenario.
SEEDS ?= 1 514
CARGO ?= cargo
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
BUILT := target/$(HOST)/debug
# What one step prints stays together when two run side by side.
MAKEFLAGS += --no-print-directory --output-sync=line

.PHONY: help drill demo rehearse test unit lint bench image clean engine base program built lab tests prepare

help:
	@echo "make drill [FAMILY=consumer-lag]   stage a drill and print the page (from a fresh machine: about 9 minutes, then 1)"
	@echo "make demo                          one whole drill unattended: stage, look, write up, grade, stop"
	@echo "make rehearse [SCENARIO=family/slug]  stage scenarios for real, grade and fix them, record them for the tests (3 minutes each)"
	@echo "make test                          everything, the tests on real Docker included"
	@echo "make unit                          what needs no Docker"
	@echo "make lint                          formatting, clippy with warnings denied, the domain on its own"
	@echo "make bench                         boot time, memory and overhead, measured side by side with stock Kafka"
	@echo "make image                         the lab image"
	@echo "make clean                         stop all labs, remove our images and build products"

drill: prepare
	@runs="$$(./chaoslab runs --json)"; \
	if echo "$$runs" | grep -q '"state": "open"'; then ./chaoslab status --page; \
	elif echo "$$runs" | grep -Eq '"state": "(created|booting|settling|breaking|confirming)"'; then ./chaoslab status; \
	else ./chaoslab start $(FAMILY); fi
	@echo "From here on: ./chaoslab status, ./chaoslab shell, ./chaoslab stop"

demo: prepare
	@tests/demo.sh ./chaoslab

rehearse: prepare
	@for seed in $(SEEDS); do CHAOSLAB_LIBRARY=. ./chaoslab author rehearse $(or $(SCENARIO),--all) --seed $$seed --record || exit; done

# The tests are compiled while the lab image is built.
test: built
	@$(MAKE) -j2 tests lab
	$(CARGO) test
	$(CARGO) check --lib --no-default-features

unit:
	$(CARGO) test --lib --bins

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --lib --no-default-features -- -D warnings

bench: prepare
	@$(CARGO) run --quiet --bin bench

image: prepare

prepare: built
	@$(MAKE) lab

# The engine and the base come from the network while the compiler keeps the processors busy.
built:
	@echo "preparing: engine and base image (1 min), program (5 min), lab image (3 min); what is current is skipped"
	@$(MAKE) -j2 base program

lab:
	@./chaoslab image build

tests:
	@$(CARGO) test --no-run

engine:
	@docker/engine.sh

base: engine
	@docker/base.sh

program:
	@$(CARGO) build --bins
	@ln -sfn $(BUILT)/chaoslab chaoslab

clean:
	-./chaoslab stop --all
	-docker image ls --quiet --filter label=chaoslab.image | sort -u | xargs -r docker image rm --force
	-docker image rm chaoslab-base:bookworm
	$(CARGO) clean
	rm -f chaoslab
