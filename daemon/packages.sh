# The Debian 12 packages that retaind needs. Sourced by daemon/demo.sh and tests/all.sh; not run by itself.

# To build and run the daemon.
build_packages=(
  ca-certificates ccache cmake g++ git libboost-dev libcli11-dev libcurl4-openssl-dev libfmt-dev
  libhowardhinnant-date-dev libidn2-dev libsodium-dev libspdlog-dev libsqlite3-dev libsqlitecpp-dev
  libssl-dev libyaml-cpp-dev ninja-build nlohmann-json3-dev pkg-config tzdata zlib1g-dev
)

# To test it: the second compiler, the checkers, and real peers (postfix brings smtp-sink and smtp-source; Chromium
# shows mails as their readers see them; groff sets the manual pages; npm fetches language servers and mail parsers).
test_packages=(
  catch2 chromium clang clang-format clang-tidy fontconfig fonts-noto-cjk groff-base iso-codes libclang-rt-14-dev openssl
  postfix python3 python3-aiosmtpd sqlite3 strace systemd xz-utils
)
# Node often comes from elsewhere, with an npm of its own; Debian's is four hundred packages.
command -v npm >/dev/null || test_packages+=(npm)

# install_packages NAME...: installs what is missing, as root; anyone else is told what to install.
install_packages() {
  local name missing=()
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    printf 'these packages are missing; install them and run this again:\n  sudo apt-get install %s\n' "${missing[*]}" >&2
    return 1
  fi
  printf 'installing %s\n' "${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update || return 1
  # Only the tools of postfix are wanted: without this answer it would set itself up as a mail server.
  case " ${missing[*]} " in *" postfix "*)
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections ;;
  esac
  apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"
}
