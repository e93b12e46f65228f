-- liquibase formatted sql

-- changeset ann:1 labels:first context:all
-- comment: the first; table
create table person (
    id int primary key,
    name varchar(50) not null
);
-- rollback drop table person;

-- changeset bob:2 splitStatements:true endDelimiter:;
insert into person values (1, 'Ann');
insert into person values (2, 'Bob');
-- rollback delete from person;
