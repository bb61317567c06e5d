#!/usr/bin/env python3
"""One vehicle on paho-mqtt (1.6 or 2.x): registers, streams telemetry, keeps samples until they are stored.

The protocol is docs/device-protocol.md. Create the vehicle first (POST /api/vehicles), then:

    PROVISION_PASSWORD=... python3 vehicle.py --id truck-1 --claim <claim code>

The login that it gets is kept in --state, so later runs need neither the code nor that password.
"""
import argparse
import json
import math
import os
import queue
import random
import sys
import threading
import time
import uuid

import paho.mqtt.client as mqtt

BATCH = 250  # samples in a message when there is a backlog; the contract allows 500
PATIENCE = 5  # seconds without an acknowledgement until everything is sent again; doubles each time


def new_client(username, password, client_id, clean):
    if hasattr(mqtt, "CallbackAPIVersion"):  # paho-mqtt 2.x
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id, clean_session=clean)
    else:
        client = mqtt.Client(client_id, clean_session=clean)
    client.username_pw_set(username, password)
    return client


def register(args):
    """Claim code in, login out. The answer comes by the random client id: nobody else can listen for it."""
    client_id, request_id, answers = f"provision-{uuid.uuid4()}", str(uuid.uuid4()), queue.Queue()
    client = new_client("provision", os.environ["PROVISION_PASSWORD"], client_id, True)

    def on_connect(client, _userdata, _flags, reason, *_properties):
        if reason != 0:
            answers.put({"status": "rejected", "code": "connect", "detail": str(reason)})
        client.subscribe(f"provision/response/{client_id}", qos=1)

    def on_subscribe(client, *_arguments):
        request = {"request_id": request_id, "client_id": client_id}
        request.update(vehicle_id=args.id, claim_code=args.claim)
        client.publish("provision/request", json.dumps(request), qos=1)

    client.on_connect, client.on_subscribe = on_connect, on_subscribe
    client.on_message = lambda _client, _userdata, message: answers.put(json.loads(message.payload))
    client.connect(args.host, args.port)
    client.loop_start()
    try:
        answer = answers.get(timeout=10)
    except queue.Empty:
        sys.exit("No answer to the registration.")
    finally:
        client.disconnect()
        client.loop_stop()
    if answer["status"] != "registered":
        sys.exit(f"Not registered: {answer['code']}: {answer['detail']}")
    # Kept, so that the broker knows the session; random, because whoever knows it can end the session.
    own = f"{args.id}-{uuid.uuid4()}"
    return {"username": answer["username"], "password": answer["password"], "client_id": own}


def login(args):
    try:
        with open(args.state) as file:
            return json.load(file)
    except FileNotFoundError:
        credentials = register(args)
        with open(os.open(args.state, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(credentials, file)
        print(f"registered {args.id}")
        return credentials


class Vehicle:
    def __init__(self, args, credentials):
        self.id, self.boot, self.seq = args.id, str(uuid.uuid4()), 0
        self.buffer, self.lock, self.empty = [], threading.Lock(), threading.Event()
        self.online, self.patience, self.resend_at = False, PATIENCE, 0.0
        self.begun = False  # until the first message is stored, nothing follows it: it starts the stream
        client = self.client = new_client(**credentials, clean=False)
        client.will_set(self.topic("status"), json.dumps({"state": "offline"}), qos=1, retain=True)
        client.on_connect, client.on_disconnect = self.on_connect, self.on_disconnect
        client.message_callback_add(self.topic("acks"), self.on_ack)
        client.message_callback_add(self.topic("errors"), self.on_error)
        client.reconnect_delay_set(1, 30)
        client.connect_async(args.host, args.port)  # tries again, the first time too
        client.loop_start()

    def topic(self, leaf):
        return f"vehicles/{self.id}/{leaf}"

    def publish(self, leaf, payload, retain=False):
        return self.client.publish(self.topic(leaf), json.dumps(payload), qos=1, retain=retain)

    def report(self, state):
        return self.publish("status", {"ts": now(), "state": state}, retain=True)

    def on_connect(self, client, _userdata, _flags, reason, *_properties):
        if reason != 0:
            return print(f"refused: {reason}", file=sys.stderr)
        client.subscribe([(self.topic("acks"), 1), (self.topic("errors"), 1)])
        self.report("busy")
        with self.lock:
            self.online = True
            self.resend()

    def on_disconnect(self, *_arguments):
        self.online = False

    def resend(self):
        """What is not acknowledged, again, from the oldest. The lock is held."""
        self.resend_at = time.monotonic() + self.patience
        self.patience = min(2 * self.patience, 600)
        samples = self.buffer if self.begun else self.buffer[:1]
        for start in range(0, len(samples), BATCH):
            self.publish("telemetry", samples[start:start + BATCH])

    def on_ack(self, _client, _userdata, message):
        ack = json.loads(message.payload)
        if ack["boot"] != self.boot:
            return
        with self.lock:
            self.buffer = [sample for sample in self.buffer if sample["seq"] > ack["seq"]]
            self.patience, self.resend_at = PATIENCE, time.monotonic() + PATIENCE
            if not self.begun:
                self.begun = True
                self.resend()
            if not self.buffer:
                self.empty.set()

    def on_error(self, _client, _userdata, message):
        print(f"error: {message.payload.decode()}", file=sys.stderr)

    def record(self, measurement):
        with self.lock:
            self.seq += 1
            sample = {"ts": now(), "boot": self.boot, "seq": self.seq, **measurement}
            self.buffer.append(sample)
            self.empty.clear()
            if self.online and (self.begun or len(self.buffer) == 1):
                self.publish("telemetry", sample)
        self.check()

    def check(self):
        """To be called now and then. A broker that was killed may be back without what it had."""
        with self.lock:
            if self.online and self.buffer and time.monotonic() > self.resend_at:
                self.resend()

    def stop(self, timeout):
        """Waits for the last acknowledgement, says "offline" and leaves."""
        deadline = time.monotonic() + timeout
        while not self.empty.wait(0.5) and time.monotonic() < deadline:
            self.check()
        self.report("offline").wait_for_publish()
        self.client.disconnect()
        self.client.loop_stop()
        return self.empty.is_set()


def now():
    return int(time.time() * 1000)


def drive(count, interval):
    """A walk around Medellín with a battery that empties."""
    lat, lon, heading = 6.2525, -75.5686, random.uniform(0, 360)
    for step in range(count):
        heading = (heading + random.uniform(-15, 15)) % 360
        metres = 10 * interval
        lat += metres * math.cos(math.radians(heading)) / 111_320
        lon += metres * math.sin(math.radians(heading)) / (111_320 * math.cos(math.radians(lat)))
        yield {"lat": round(lat, 6), "lon": round(lon, 6), "speed_mps": 10, "heading_deg": round(heading, 1),
               "battery_pct": round(max(0, 90 - step * interval / 60), 1)}
        time.sleep(interval)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--id", required=True)
    parser.add_argument("--claim", help="the claim code; on the first run")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--count", type=int, default=60, help="samples to send (60)")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between them (1)")
    parser.add_argument("--state", help="where the login is kept (./<id>.json)")
    args = parser.parse_args()
    args.state = args.state or f"{args.id}.json"
    if not os.path.exists(args.state) and not (args.claim and os.environ.get("PROVISION_PASSWORD")):
        parser.error("the first run needs --claim and PROVISION_PASSWORD in the environment")

    vehicle = Vehicle(args, login(args))
    for measurement in drive(args.count, args.interval):
        vehicle.record(measurement)
    if not vehicle.stop(timeout=30):
        sys.exit(f"{len(vehicle.buffer)} of {vehicle.seq} samples were not acknowledged")
    print(f"{vehicle.seq} samples stored")


if __name__ == "__main__":
    main()
