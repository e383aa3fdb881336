#!/bin/sh
# The gate of an application's repository on a plain Git server: hooks/pre-receive of the bare repository, executable. It
# needs git and itsm-gitops=={version}, and a clone of the ITSM repository that it may read:
#
#   git config itsm.clone /srv/itsm        the clone; it is fetched each time
#   git config itsm.name acme/shop         what changes call this repository
#
# A push to the deployed branch (itsm.branch, else main) has to name its change in the last commit, as a trailer
# `Change: CHG-…`, and the change has to name the commit and be ready to be carried out.
set -eu
branch=$(git config itsm.branch || echo main)
clone=$(git config itsm.clone) || { echo "git config itsm.clone FOLDER names no clone of the ITSM repository" >&2; exit 1; }
name=$(git config itsm.name) || { echo "git config itsm.name OWNER/NAME is not set" >&2; exit 1; }
while read -r _ new reference; do
  [ "$reference" = "refs/heads/$branch" ] || continue
  case $new in *[!0]*) ;; *) echo "$branch is not deleted" >&2; exit 1 ;; esac
  change=$(git log -1 --format='%(trailers:key=Change,valueonly)' "$new" | head -n 1)
  [ -n "$change" ] || { echo "the last commit names no change: add a line 'Change: CHG-…'" >&2; exit 1; }
  (
    unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
    git -C "$clone" fetch --quiet origin
    itsm -C "$clone" deploy check "$change" --commit "$name@$new"
  ) >&2 || exit 1
done
