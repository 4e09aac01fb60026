"""What a certificate proves, and where its bound is lost."""

from certify.explain.explain import explain as explain
