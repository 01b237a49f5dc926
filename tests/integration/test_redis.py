from __future__ import annotations
import time
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.redis import Redis
from pytest_readiness.target.blocks import RedisBlock
from pytest_readiness.target.secret import Secret
import dataclasses

def see(block, timeout=1.0):
    t=time.perf_counter()
    f=Redis.gather(block, Look(Redis.source(block), timeout))
    d=round((time.perf_counter()-t)*1000,1)
    vals={x.name:(getattr(f,x.name).value, getattr(f,x.name).detail) for x in dataclasses.fields(f)}
    if len({str(v) for v in vals.values()})==1: vals=vals['answers']
    print(f.version.source, vals, d,'ms')
    return f

def test_x(redis_server, pki, redis_plain):
    s=redis_server
    for ch in [{}, {"host":"localhost"},{"host":"::1"},{"username":"app"},{"username":"blind"},{"username":"app","db":3},{"db":99},{"username":"app","password":Secret("wrong-password","x")},{"password":None,"username":None},{"tls":False,"ca_file":None},{"ca_file":None},{"port":1},{"password":Secret(None,"env:X","X is not set")},{"ca_file":pki.folder/"nope"},{"cert_file":pki.folder/"nope", "key_file":pki.folder/"nope"},{"cert_file":pki.folder/"server.pem", "key_file":pki.folder/"server.key"},{"cert_file":pki.folder/"server.pem", "key_file":pki.folder/"client.key"}]:
        print(ch); see(s.block(**ch))
    see(RedisBlock(socket=redis_plain.socket)); see(RedisBlock(host='127.0.0.1',port=redis_plain.port,tls=True))
    see(RedisBlock(socket=redis_plain.socket,password=Secret("wrong-password","x")))
    see(RedisBlock(socket=pki.folder/"nope"))
    import pytest_readiness.demo.standins.hostile as h, contextlib
    from pytest_readiness.demo.standins.redis import redis
    with redis("5.0.14",password="hunter22") as l:
        see(RedisBlock(host='127.0.0.1',port=l.port,password=Secret("hunter22","x"),username="default"))
        see(RedisBlock(host='127.0.0.1',port=l.port))
    for n in ['hangs','talks_nonsense','floods','http','breaks_off','refuses','black_holes']:
        for m in (True,False):
            with getattr(h,n)() as l:
                p=l if isinstance(l,int) else l.port
                print(n,m); see(RedisBlock(host='127.0.0.1',port=p,tls=m))
    for a in (b'+PONG\r\n',b'$1000000000\r\n'):
        with h.dribbles(a) as l:
            see(RedisBlock(host='127.0.0.1',port=l.port))
    for a in (b'+',b'$1000000000\r\n',b'*1\r\n'*5000,b'*1000000000\r\n',b'$abc\r\n',b'+PONG\r\n',b':5\r\n', b'-DENIED \x1b[31m\r\n',b'-NOPERM foo\r\n', b'-LOADING x\r\n'):
        with h.floods(a) as l:
            print(a[:20]); see(RedisBlock(host='127.0.0.1',port=l.port))
