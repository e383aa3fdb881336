"""A snapshot becomes a site: static pages, drawn diagrams and a search index."""

from itsm_gitops.publish.build import OUTPUT, Progress, SiteReport, build_site
from itsm_gitops.publish.serve import serve

__all__ = ["OUTPUT", "Progress", "SiteReport", "build_site", "serve"]
