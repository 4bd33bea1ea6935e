"""One small protocol over two chains: revm in process, and every network that ape reaches."""

from ballast.chain.compiler import Artifact, CompileError, compile_contract

__all__ = ["Artifact", "CompileError", "compile_contract"]
