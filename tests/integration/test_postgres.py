from __future__ import annotations
import time
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.postgres import Postgres

def see(block, timeout=2.0):
    t=time.perf_counter()
    f=Postgres.gather(block, Look(Postgres.source(block), timeout))
    print([(n, getattr(f,n).value, getattr(f,n).detail) for n in ('answers','version')], round((time.perf_counter()-t)*1000,1),'ms')
    return f

def test_x(postgres_server):
    s=postgres_server
    from pytest_readiness.target.secret import Secret
    for ch in [{}, {"host":"localhost"},{"host":"::1"},{"host":str(s.socket_folder),"sslmode":"disable"},{"password":Secret("wrong-password","x")},{"password":None},{"user":"nobody"},{"user":"locked"},{"user":"crowded"},
      {"database":"absent"},{"database":"closed"},{"database":"other"},{"sslmode":"disable"},{"ca_file":None},{"user":"badge","cert_file":s.pki.folder/"client.pem","key_file":s.pki.folder/"client.key","password":None},{"user":"badge"},{"port":1},{"host":"/nonexistent"},{"host":"unknown.invalid"},{"password":Secret(None,"env:X","X is not set")},{"ca_file":s.pki.folder/"nope"},{"cert_file":s.pki.folder/"nope", "key_file":s.pki.folder/"nope"}]:
        print(ch); see(s.block(**ch))
    import pytest_readiness.demo.standins.hostile as h, contextlib
    for n in ['hangs','talks_nonsense','floods','http','breaks_off','refuses','black_holes']:
        for m in ('verify-full','disable'):
            with getattr(h,n)() as l:
                p=l if isinstance(l,int) else l.port
                print(n,m); see(s.block(port=p,sslmode=m),1.0)
    for a in (b'S',b'R\0\0\0\x08\0\0\0\0S\0\0\0\x20'+b'x'*40):
        with h.dribbles(a) as l:
            see(s.block(port=l.port,sslmode='disable'),1.0)
            see(s.block(port=l.port),1.0)
