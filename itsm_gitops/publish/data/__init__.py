"""What programs read of a site: calendar files, feeds, the status and every document as JSON."""

from itsm_gitops.publish.data.files import data_files

__all__ = ["data_files"]
