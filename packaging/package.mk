# Installing and packing.

SHARE ?= $(PREFIX)/share
UNITDIR ?= $(PREFIX)/lib/systemd/system
ENVDIR ?= $(SYSCONFDIR)/default
BASHDIR ?= $(SHARE)/bash-completion/completions
ZSHDIR ?= $(SHARE)/zsh/site-functions
FISHDIR ?= $(SHARE)/fish/vendor_completions.d

UNITS := $(notdir $(wildcard packaging/systemd/*))
PAGES_1 := $(wildcard docs/man/*.1)
PAGES_5 := $(wildcard docs/man/*.5)
NAMES := $(FILTERS) $(DRIVER)
DIST_NAME := pcap-slim-$(VERSION)

.PHONY: install uninstall static dist deb rpm compdb

# Folders that only this program has are made and removed; the others are the system's.
install: all ## to PREFIX=/usr/local, below DESTDIR= if set
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(MANDIR)/man5' \
	    '$(DESTDIR)$(DOCDIR)/examples/fleet' '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	$(INSTALL) -m 755 $(PROGRAMS) '$(DESTDIR)$(BINDIR)'
	$(INSTALL) -m 644 $(PAGES_1) '$(DESTDIR)$(MANDIR)/man1'
	$(INSTALL) -m 644 $(PAGES_5) '$(DESTDIR)$(MANDIR)/man5'
	$(INSTALL) -m 644 README.md LICENSE CHANGELOG.md $(wildcard SECURITY.md CONTRIBUTING.md docs/*.md) '$(DESTDIR)$(DOCDIR)'
	$(INSTALL) -m 644 packaging/pcap-slim.conf packaging/pcap-slim.default '$(DESTDIR)$(DOCDIR)/examples'
	$(INSTALL) -m 644 packaging/prometheus/pcap-slim.rules.yml '$(DESTDIR)$(DOCDIR)/examples'
	$(INSTALL) -m 644 $(wildcard docs/fleet/*) '$(DESTDIR)$(DOCDIR)/examples/fleet'
	for unit in $(UNITS); do \
	    sed -e 's|@BINDIR@|$(BINDIR)|' -e 's|@ENVFILE@|$(ENVDIR)/pcap-slim|' "packaging/systemd/$$unit" \
	        >'$(DESTDIR)$(UNITDIR)'/"$$unit" && chmod 644 '$(DESTDIR)$(UNITDIR)'/"$$unit" || exit; \
	done
	$(INSTALL) -m 644 packaging/completions/pcap-slim.bash '$(DESTDIR)$(BASHDIR)/$(DRIVER)'
	for name in $(FILTERS); do ln -sf $(DRIVER) '$(DESTDIR)$(BASHDIR)'/"$$name" || exit; done
	$(INSTALL) -m 644 packaging/completions/_pcap-slim '$(DESTDIR)$(ZSHDIR)/_pcap-slim'
	$(INSTALL) -m 644 packaging/completions/pcap-slim.fish '$(DESTDIR)$(FISHDIR)/pcap-slim.fish'
	for name in $(FILTERS); do ln -sf pcap-slim.fish '$(DESTDIR)$(FISHDIR)'/"$$name.fish" || exit; done

uninstall: ## what install has installed, with the same arguments
	rm -f $(NAMES:%='$(DESTDIR)$(BINDIR)/%')
	rm -f $(PAGES_1:docs/man/%='$(DESTDIR)$(MANDIR)/man1/%') $(PAGES_5:docs/man/%='$(DESTDIR)$(MANDIR)/man5/%')
	rm -f $(UNITS:%='$(DESTDIR)$(UNITDIR)/%') $(NAMES:%='$(DESTDIR)$(BASHDIR)/%')
	rm -f '$(DESTDIR)$(ZSHDIR)/_pcap-slim' $(NAMES:%='$(DESTDIR)$(FISHDIR)/%.fish')
	rm -rf '$(DESTDIR)$(DOCDIR)'

# glibc, because Debian's static libraries are built for it. libpcap.a also lists D-Bus devices, which needs what nobody
# here calls: packaging/static/dbus.c stands in for it.
static: ## programs that need nothing installed, in build/static/bin/
	$(MAKE) VARIANT=static all

# The tree of the commit at hand, nothing else.
dist: ## the tree of the commit as build/dist/pcap-slim-VERSION.tar.gz
	@mkdir -p build/dist
	git archive --format=tar --prefix='$(DIST_NAME)/' HEAD | gzip -n9 >'build/dist/$(DIST_NAME).tar.gz'
	@echo 'build/dist/$(DIST_NAME).tar.gz'

deb: dist ## a Debian package, in build/
	sh packaging/make-deb '$(DIST_NAME)'

rpm: dist ## an RPM, in build/
	sh packaging/make-rpm '$(DIST_NAME)'

# What editors and analysers read. Everything is compiled anew, in a folder of its own, to be written down.
compdb: ## compile_commands.json, for clangd and clang-tidy
	sh scripts/make-compdb
