# Every command a developer or a learner runs. CI runs `make test`.

FAMILY ?= consumer-lag
# Two that draw nearly nothing alike, in whatever scenario.
SEEDS ?= 1 514
CARGO ?= cargo
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
BUILT := target/$(HOST)/debug
# What one step prints stays together when two run side by side.
MAKEFLAGS += --no-print-directory --output-sync=line

.PHONY: help drill demo rehearse test unit lint bench image clean engine machine program built lab prepare

help:
	@echo "make drill [FAMILY=consumer-lag]   stage a drill and print the page (from a fresh machine: about 6 minutes, then 1)"
	@echo "make demo                          one whole drill unattended: stage, look, write up, grade, stop"
	@echo "make rehearse [SCENARIO=family/slug]  stage scenarios for real, grade and fix them, record them for the tests (3 minutes each)"
	@echo "make test                          everything, the tests on real Docker included"
	@echo "make unit                          what needs no Docker"
	@echo "make lint                          formatting, clippy with warnings denied, the domain on its own"
	@echo "make bench                         boot, memory and overhead beside stock Kafka; hours of record beside Prometheus"
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

test: prepare
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

# Engine, base and the image of the machines, which hold nothing of ours that is compiled, are made beside the program.
built:
	@echo "preparing: program (5 min), beside it engine, base and image of the machines (4 min); what is current is skipped"
	@$(MAKE) -j2 machine program

lab:
	@./chaoslab image build

engine:
	@docker/engine.sh

machine: engine
	@docker/machine.sh >/dev/null

# The compiler counts its own jobs: make's would leave it one, beside the image.
program:
	@MAKEFLAGS= $(CARGO) build --bin chaoslab --bin chaoslab-service
	@ln -sfn $(BUILT)/chaoslab chaoslab

clean:
	-./chaoslab stop --all
	-docker image ls --quiet --filter label=chaoslab.image | sort -u | xargs -r docker image rm --force
	-docker image rm chaoslab-base:bookworm
	$(CARGO) clean
	rm -f chaoslab
