"""A snapshot becomes a site: static pages, drawn diagrams and a search index."""

from itsm_gitops.publish.build import OUTPUT, SiteReport, build_site
from itsm_gitops.publish.serve import serve
from itsm_gitops.publish.stamping import Progress

__all__ = ["OUTPUT", "Progress", "SiteReport", "build_site", "serve"]
