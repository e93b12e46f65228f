DROP TABLE IF EXISTS event_pricing_rules;
DROP TABLE IF EXISTS outbox_events;
DROP TABLE IF EXISTS events;
