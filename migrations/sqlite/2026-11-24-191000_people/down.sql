DROP TABLE residents;
DROP TABLE handovers;
DROP TABLE command_assignments;
DROP TABLE home_arrangements;
DROP TABLE staff;
