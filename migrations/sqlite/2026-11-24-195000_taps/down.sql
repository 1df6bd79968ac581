DROP TABLE drill_taps;
DROP TABLE drill_syncs;
DROP TABLE drill_observers;
