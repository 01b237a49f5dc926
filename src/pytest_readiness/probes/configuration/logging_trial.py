"""The script that tries a logging configuration, in the service's own interpreter.

It is run by ``python -I -c``, with the configuration as JSON. Nothing is written and
nothing connected: the files of handlers are not opened, sockets of the standard
library's handlers are none, and an audit hook (PEP 578) refuses what a handler's own
code would do beyond that. It prints one line of JSON and runs on Python 3.8 and newer.
"""

from __future__ import annotations

__all__ = ["SCRIPT"]

SCRIPT = r"""
import importlib, json, logging, logging.config, logging.handlers, os, socket, sys
data, paths = json.loads(sys.argv[1]), sys.argv[2:]
sys.path[:0] = paths
out = os.dup(1)
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 1); os.dup2(null, 2)

class Refused(Exception):
    pass

DENIED = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo",
          "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork",
          "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod",
          "os.chown", "os.link", "os.symlink", "shutil.rmtree"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

def guard(event, arguments):
    if event in DENIED:
        raise Refused(event)
    if event == "open" and arguments[0] != os.devnull:
        mode, flags = arguments[1], arguments[2]
        if (mode and set(mode) & set("wax+")) or (not mode and flags & WRITES):
            raise Refused("open for writing")

class Nowhere:
    def __getattr__(self, name):
        return lambda *words, **more: None

class Sockets:
    def socket(self, *words, **more):
        return Nowhere()
    def getaddrinfo(self, *words, **more):
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 514))]
    def create_connection(self, *words, **more):
        return Nowhere()
    def __getattr__(self, name):
        return getattr(socket, name)

def opened(self):
    return open(os.devnull, "w")

sys.dont_write_bytecode = True
logging.FileHandler._open = opened
logging.handlers.WatchedFileHandler._statstream = lambda self: None
logging.handlers.socket = Sockets()
if hasattr(sys, "addaudithook"):
    sys.addaudithook(guard)

def kinds(one):
    return [kind.__module__ + "." + kind.__qualname__ for kind in type(one).__mro__]

def number(one, name):
    value = getattr(one, name, None)
    return value if isinstance(value, (int, float)) else None

def told(one):
    stream = getattr(one, "stream", None)
    name = {sys.stdout: "stdout", sys.stderr: "stderr"}.get(stream, "")
    target = getattr(one, "target", None)
    return {"name": one.get_name() or "", "kinds": kinds(one), "level": one.level,
            "file": str(getattr(one, "baseFilename", "") or ""), "stream": name,
            "max_bytes": number(one, "maxBytes"), "kept": number(one, "backupCount"),
            "timed": isinstance(one, logging.handlers.TimedRotatingFileHandler),
            "target": told(target) if isinstance(target, logging.Handler) else None}

def seen():
    loggers = {"": logging.root}
    for name, one in logging.root.manager.loggerDict.items():
        if isinstance(one, logging.Logger) and (one.handlers or one.level):
            loggers[name] = one
    return {name: {"level": one.level, "propagate": one.propagate,
                   "disabled": one.disabled,
                   "handlers": [told(handler) for handler in one.handlers]}
            for name, one in loggers.items()}

answer = {}
try:
    logging.config.dictConfig(data)
    answer["loggers"] = seen()
except BaseException as error:
    chain = [error]
    while chain[-1].__cause__ or chain[-1].__context__:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    refused = [str(one) for one in chain if isinstance(one, Refused)]
    answer["refused" if refused else "error"] = (refused or [str(error)])[0]
    answer["cause"] = type(chain[-1]).__name__ + ": " + str(chain[-1])
os.write(out, ("\n" + json.dumps(answer) + "\n").encode())
os._exit(0)
"""
"""What the interpreter runs; its arguments are the configuration, and folders."""
