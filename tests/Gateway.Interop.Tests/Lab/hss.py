#!/usr/bin/env python3
"""Minimal Diameter Cx HSS (RFC 6733 + TS 29.229) for the S-CSCF of the tests.

Answers CER/DWR/DPR and SAR (301), and can push RTR (304).
Every IMPU sip:<user>@<realm> is accepted; users beginning with "404" are refused
(DIAMETER_ERROR_USER_UNKNOWN).  Users beginning with "49" get an implicit registration set of
two identities (the sip: one and tel:+<user>); all others only the sip: one.
The initial filter criteria name one application server (the gateway):
  - REGISTER                                                     -> third-party REGISTER to the AS
  - MESSAGE + Content-Type application/vnd.3gpp.sms, originating -> AS
  - MESSAGE + Content-Type text/plain, originating               -> AS
Control port (UDP, text): "RTR <impu>" sends a Registration-Termination-Request.
"""
import argparse, select, socket, struct, sys, time

VID = 10415
APP = 16777216

def avp(code, data, vendor=0, flags=0x40):
    if vendor:
        flags |= 0x80
    if isinstance(data, str):
        data = data.encode()
    if isinstance(data, int):
        data = struct.pack('!I', data)
    ln = 8 + (4 if vendor else 0) + len(data)
    h = struct.pack('!IB', code, flags) + struct.pack('!I', ln)[1:]
    if vendor:
        h += struct.pack('!I', vendor)
    return h + data + b'\0' * ((4 - ln % 4) % 4)

def parse_avps(b):
    out = []
    i = 0
    while i + 8 <= len(b):
        code, = struct.unpack('!I', b[i:i+4])
        flags = b[i+4]
        ln = int.from_bytes(b[i+5:i+8], 'big')
        off = 8
        v = 0
        if flags & 0x80:
            v, = struct.unpack('!I', b[i+8:i+12])
            off = 12
        out.append((code, v, b[i+off:i+ln]))
        i += ln + (4 - ln % 4) % 4
    return out

def msg(flags, code, app, hbh, e2e, avps):
    body = b''.join(avps)
    ln = 20 + len(body)
    return (bytes([1]) + ln.to_bytes(3, 'big') + bytes([flags]) + code.to_bytes(3, 'big')
            + struct.pack('!III', app, hbh, e2e) + body)

def esc(s):
    return s.replace('&', '&amp;').replace('<', '&lt;')

def criterion(priority, server, *triggers):
    """Every trigger must hold: each is a group of its own in the conjunctive normal form."""
    spt = ''.join(f'<SPT><ConditionNegated>0</ConditionNegated><Group>{i}</Group>{t}<Extension></Extension></SPT>' for i, t in enumerate(triggers))
    return (f'<InitialFilterCriteria><Priority>{priority}</Priority><TriggerPoint><ConditionTypeCNF>1</ConditionTypeCNF>{spt}</TriggerPoint>'
            f'<ApplicationServer><ServerName>{server}</ServerName><DefaultHandling>0</DefaultHandling></ApplicationServer></InitialFilterCriteria>')

def content(media_type):
    return f'<SIPHeader><Header>Content-Type</Header><Content>{media_type}</Content></SIPHeader>'

def user_data(impi, impus, server):
    ids = ''.join(f'<PublicIdentity><BarringIndication>0</BarringIndication><Identity>{esc(i)}</Identity></PublicIdentity>' for i in impus)
    message, originating = '<Method>MESSAGE</Method>', '<SessionCase>0</SessionCase>'
    ifc = (criterion(1, server, '<Method>REGISTER</Method>')
           + criterion(2, server, message, content('application/vnd.3gpp.sms'), originating)
           + criterion(3, server, message, content('text/plain'), originating))
    return (f'<?xml version="1.0" encoding="UTF-8"?><IMSSubscription><PrivateID>{esc(impi)}</PrivateID>'
            f'<ServiceProfile>{ids}{ifc}</ServiceProfile></IMSSubscription>')

def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bind', default='127.0.0.1')
    p.add_argument('--port', type=int, required=True)
    p.add_argument('--ctl', type=int, required=True)
    p.add_argument('--realm', default='ims.lab')
    p.add_argument('--fqdn', default='127.0.0.1')
    p.add_argument('--app-server', required=True)
    args = p.parse_args()
    ls = socket.socket(); ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ls.bind((args.bind, args.port)); ls.listen(5)
    ctl = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); ctl.bind((args.bind, args.ctl))
    conns = {}
    state = {'hbh': int(time.time()), 'e2e': int(time.time()) << 8 & 0xffffffff, 'peer': ('', '')}
    org = [avp(264, args.fqdn), avp(296, args.realm)]
    vsai = avp(260, avp(266, VID) + avp(258, APP))

    def log(*a):
        print(time.strftime('%H:%M:%S'), *a, flush=True)

    def handle(s, m):
        flags = m[4]; code = int.from_bytes(m[5:8], 'big')
        app, hbh, e2e = struct.unpack('!III', m[8:20])
        av = parse_avps(m[20:])
        get = lambda c, v=0: next((d for cc, vv, d in av if cc == c and vv == v), b'')
        sid = get(263)
        if not flags & 0x80:
            log('answer', code, 'result', get(268).hex()); return
        if code == 257:   # CER
            state['peer'] = (get(264).decode(), get(296).decode())
            ip = socket.inet_aton(args.bind)
            r = [avp(268, 2001)] + org + [avp(257, b'\0\1' + ip), avp(266, VID), avp(269, 'lab-hss', flags=0),
                 avp(265, VID), avp(258, APP), vsai]
            s.sendall(msg(0, 257, 0, hbh, e2e, r)); log('CER from', get(264).decode())
        elif code == 280:  # DWR
            s.sendall(msg(0, 280, 0, hbh, e2e, [avp(268, 2001)] + org))
        elif code == 282:  # DPR
            s.sendall(msg(0, 282, 0, hbh, e2e, [avp(268, 2001)] + org)); log('DPR')
        elif code == 301:  # SAR
            impu = get(601, VID).decode(); impi = get(1).decode()
            typ = struct.unpack('!I', get(614, VID) or b'\0\0\0\0')[0]
            avail = get(624, VID).hex()
            user = impu.split(':', 1)[-1].split('@')[0].lstrip('+')
            base = [avp(263, sid), vsai, avp(277, 1)] + org
            if user.startswith('404'):
                s.sendall(msg(flags & 0x40, 301, app, hbh, e2e, base + [avp(297, avp(266, VID) + avp(298, 5001))]))
                log('SAR', impu, 'type', typ, '-> 5001'); return
            sip = impu if impu.startswith('sip:') else f'sip:{user}@{args.realm}'
            impus = [sip, f'tel:+{user}'] if user.startswith('49') else [sip]
            ud = user_data(impi or f'{user}@{args.realm}', impus, args.app_server)
            r = base + [avp(268, 2001)]
            if impi: r.append(avp(1, impi))
            if typ in (0, 1, 2, 3): r.append(avp(606, ud, VID))
            s.sendall(msg(flags & 0x40, 301, app, hbh, e2e, r))
            log('SAR', impu, 'impi', impi, 'type', typ, 'data-avail', avail)
        else:
            s.sendall(msg(0x20, code, app, hbh, e2e, [avp(263, sid), avp(268, 3001)] + org)); log('unknown request', code)

    def rtr(impu):
        for s in conns:
            state['hbh'] += 1; state['e2e'] += 1
            m = msg(0xC0, 304, APP, state['hbh'], state['e2e'],
                    [avp(263, f'{args.fqdn};{int(time.time())};{state["hbh"]}'), vsai, avp(277, 1)] + org +
                    [avp(293, state['peer'][0]), avp(283, state['peer'][1]), avp(1, impu.split(':')[1]), avp(601, impu, VID),
                     avp(615, avp(616, 0, VID) + avp(617, 'lab', VID, 0x40), VID)])
            s.sendall(m); log('RTR', impu)

    log('HSS ready on', args.port)
    while True:
        r, _, _ = select.select([ls, ctl] + list(conns), [], [])
        for s in r:
            if s is ls:
                c, a = ls.accept(); c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1); conns[c] = b''
            elif s is ctl:
                d, a = ctl.recvfrom(2000); w = d.decode().split()
                if w and w[0] == 'RTR': rtr(w[1]); ctl.sendto(b'ok\n', a)
            else:
                try: d = s.recv(65536)
                except OSError: d = b''
                if not d:
                    conns.pop(s); s.close(); log('peer gone'); continue
                b = conns[s] + d
                while len(b) >= 20:
                    ln = int.from_bytes(b[1:4], 'big')
                    if len(b) < ln: break
                    handle(s, b[:ln]); b = b[ln:]
                conns[s] = b

if __name__ == '__main__':
    main()
