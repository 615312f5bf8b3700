/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-relay-rules.h"

static void
test_defaults (void)
{
  g_autoptr (WherryRelayConfig) config = wherry_relay_config_new ();
  WherryOutboxLimits limits;

  wherry_relay_config_outbox_limits (config, "room", "topic", &limits);
  g_assert_cmpuint (limits.outbox_high, ==, WHERRY_OUTBOX_HIGH);
  g_assert_cmpuint (limits.outbox_low, ==, WHERRY_OUTBOX_LOW);
  g_assert_cmpint (limits.block_limit_us, ==, WHERRY_BLOCK_LIMIT_US);
  g_assert_cmpuint (wherry_relay_config_members_per_room (config, "room"), ==,
                    WHERRY_MEMBERS_PER_ROOM);
  g_assert_cmpuint (wherry_relay_config_topics_per_room (config, "room"), ==,
                    WHERRY_TOPICS_PER_ROOM);
  g_assert_cmpint (wherry_relay_config_mirror (config, "topic"), ==, -1);
}

/* For each key by itself the first group that matches and sets it; topics before rooms. */
static void
test_rules (void)
{
  g_autoptr (WherryRelayConfig) config = wherry_relay_config_new ();
  g_autoptr (WherryRelayConfig) copy = NULL;
  WherryOutboxLimits limits;
  WherryRelayRule *rule;

  rule = wherry_relay_config_add_rule (config, "game-*", FALSE);
  rule->members_per_room = 4;
  rule = wherry_relay_config_add_rule (config, "*", FALSE);
  rule->members_per_room = 50;
  rule->topics_per_room = 7;
  rule->outbox_high = 4096;
  rule = wherry_relay_config_add_rule (config, "pos?", TRUE);
  rule->mirror = 2;
  rule->outbox_high = 8192;
  rule->block_limit_us = 5;

  copy = wherry_relay_config_copy (config);
  g_clear_pointer (&config, wherry_relay_config_free);

  g_assert_cmpuint (wherry_relay_config_members_per_room (copy, "game-1"), ==, 4);
  g_assert_cmpuint (wherry_relay_config_members_per_room (copy, "chat"), ==, 50);
  g_assert_cmpuint (wherry_relay_config_topics_per_room (copy, "game-1"), ==, 7);
  g_assert_cmpint (wherry_relay_config_mirror (copy, "pos1"), ==, 2);
  g_assert_cmpint (wherry_relay_config_mirror (copy, "position"), ==, -1);

  wherry_relay_config_outbox_limits (copy, "game-1", "pos1", &limits);
  g_assert_cmpuint (limits.outbox_high, ==, 8192);
  g_assert_cmpuint (limits.outbox_low, ==, 2048);
  g_assert_cmpint (limits.block_limit_us, ==, 5);
  wherry_relay_config_outbox_limits (copy, "game-1", "chat", &limits);
  g_assert_cmpuint (limits.outbox_high, ==, 4096);
  g_assert_cmpuint (limits.outbox_low, ==, 1024);
  g_assert_cmpint (limits.block_limit_us, ==, WHERRY_BLOCK_LIMIT_US);
}

static void
test_policies (void)
{
  g_autoptr (WherryRelayConfig) config = wherry_relay_config_new ();
  g_autoptr (WherryRelayConfig) copy = NULL;
  WherryRelayRule *rule;

  g_assert_cmpint (wherry_relay_config_policy (config, "r", "t", FALSE), ==, WHERRY_POLICY_BLOCK);
  g_assert_cmpint (wherry_relay_config_policy (config, "r", "t", TRUE), ==,
                   WHERRY_POLICY_DROP_OLDEST);
  config->policy_lossy = WHERRY_POLICY_DROP_NEWEST;
  rule = wherry_relay_config_add_rule (config, "pos*", TRUE);
  rule->policy_lossy = WHERRY_POLICY_LATEST;
  rule = wherry_relay_config_add_rule (config, "ticker-*", FALSE);
  rule->policy = WHERRY_POLICY_DISCONNECT;
  rule->policy_lossy = WHERRY_POLICY_BLOCK;
  copy = wherry_relay_config_copy (config);

  g_assert_cmpint (wherry_relay_config_policy (copy, "r", "t", TRUE), ==,
                   WHERRY_POLICY_DROP_NEWEST);
  /* what is said of lossy channels changes nothing for reliable ones */
  g_assert_cmpint (wherry_relay_config_policy (copy, "r", "pos1", FALSE), ==, WHERRY_POLICY_BLOCK);
  g_assert_cmpint (wherry_relay_config_policy (copy, "r", "pos1", TRUE), ==, WHERRY_POLICY_LATEST);
  g_assert_cmpint (wherry_relay_config_policy (copy, "ticker-1", "t", FALSE), ==,
                   WHERRY_POLICY_DISCONNECT);
  g_assert_cmpint (wherry_relay_config_policy (copy, "ticker-1", "pos", TRUE), ==,
                   WHERRY_POLICY_LATEST);
  g_assert_cmpint (wherry_relay_config_policy (copy, "ticker-1", "t", TRUE), ==,
                   WHERRY_POLICY_BLOCK);
  g_assert_false (wherry_relay_config_drops_reliable (copy));
  rule->policy = WHERRY_POLICY_DROP_NEWEST;
  g_assert_true (wherry_relay_config_drops_reliable (config));
}

static void
test_marks (void)
{
  g_autoptr (WherryRelayConfig) config = wherry_relay_config_new ();
  WherryOutboxLimits limits;
  WherryRelayRule *rule;

  wherry_relay_config_outbox_limits (config, "r", "t", &limits);
  g_assert_cmpuint (limits.messages_high, ==, 0);
  config->outbox.messages_high = 100;
  rule = wherry_relay_config_add_rule (config, "few", TRUE);
  rule->outbox_messages = 8;
  rule = wherry_relay_config_add_rule (config, "half", TRUE);
  rule->outbox_low = WHERRY_OUTBOX_HIGH / 2;
  rule = wherry_relay_config_add_rule (config, "any", TRUE);
  rule->outbox_messages = 0;
  rule = wherry_relay_config_add_rule (config, "wrong", TRUE);
  rule->outbox_high = 5000;
  rule->outbox_low = 6000;

  wherry_relay_config_outbox_limits (config, "r", "t", &limits);
  g_assert_cmpuint (limits.messages_high, ==, 100);
  g_assert_cmpuint (limits.messages_low, ==, 25);
  wherry_relay_config_outbox_limits (config, "r", "few", &limits);
  g_assert_cmpuint (limits.messages_high, ==, 8);
  g_assert_cmpuint (limits.messages_low, ==, 2);
  g_assert_cmpuint (limits.outbox_high, ==, WHERRY_OUTBOX_HIGH);
  wherry_relay_config_outbox_limits (config, "r", "half", &limits);
  g_assert_cmpuint (limits.outbox_low, ==, WHERRY_OUTBOX_HIGH / 2);
  g_assert_cmpuint (limits.messages_low, ==, 50);
  wherry_relay_config_outbox_limits (config, "r", "any", &limits);
  g_assert_cmpuint (limits.messages_high, ==, 0);
  wherry_relay_config_outbox_limits (config, "r", "wrong", &limits);
  g_assert_cmpuint (limits.outbox_low, ==, 5000);

  g_assert_cmpint (wherry_relay_config_shortest_block_limit (config), ==, WHERRY_BLOCK_LIMIT_US);
  rule->block_limit_us = 7;
  g_assert_cmpint (wherry_relay_config_shortest_block_limit (config), ==, 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/config/defaults", test_defaults);
  g_test_add_func ("/relay/config/rules", test_rules);
  g_test_add_func ("/relay/config/policies", test_policies);
  g_test_add_func ("/relay/config/marks", test_marks);
  return g_test_run ();
}
