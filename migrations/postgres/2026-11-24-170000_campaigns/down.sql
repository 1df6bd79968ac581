DROP TABLE campaign_actions;
DROP TABLE campaign_draws;
DROP TABLE campaign_visitors;
DROP TABLE campaign_targets;
DROP TABLE campaigns;
